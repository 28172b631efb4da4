package io.github.influence4j.index.internal.whiten;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.eigen.RotatedGradients;
import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.Scratch;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import io.github.influence4j.ekfac.internal.factor.UploadedCapture;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * ā Q_A of an input that several layers read (q, k and v of an attention, gate and up of a gated MLP): computed for the first of them in a
 * batch and used for the others. Keeps one input, [n·t, i]: such layers follow each other, and where they do not, each rotates its own.
 *
 * <p>Nothing is shared where the factors hold eigenvectors of the same input apart: they may be turned against each other. For one thread.
 */
final class SharedRotations implements AutoCloseable {

    private final MatrixBackend backend;
    private final int[] sources;
    private final boolean[] shared;
    private final Scratch memory;
    private @Nullable Kept kept;

    /** What was rotated last. */
    private record Kept(CapturePass.Step step, int source, BlockDiagonal vectors, int exponent, BackendMatrix rotated) {

        /** Of the same batch, of which there is one step. */
        @SuppressWarnings("ReferenceEquality")
        boolean isOf(CapturePass.Step other, int layer, BlockDiagonal with, UploadedCapture capture) {
            return step == other
                    && source == layer
                    && vectors == with
                    && exponent == capture.activationExponent()
                    && rotated.rows() == capture.activations().rows();
        }
    }

    /** For layers of a pass. */
    SharedRotations(MatrixBackend backend, SharedInputs inputs, List<LayerSpec> layers) {
        this.backend = backend;
        this.sources = inputs.sources(layers);
        this.shared = new boolean[sources.length];
        for (int l = 0; l < sources.length; l++) {
            shared[l] |= sources[l] != l;
            shared[sources[l]] |= sources[l] != l;
        }
        this.memory = new Scratch(backend);
    }

    /**
     * Returns ā Q_A of a whole capture.
     *
     * @param step the batch
     * @param capture one of its layers
     * @param basis the layer's eigenbasis
     * @param gradients says whether vectors are rotated at all
     * @return [n·t, i], valid until the next call; empty where nobody else reads the input, or vectors are not rotated
     */
    Optional<BackendMatrix> of(
            CapturePass.Step step,
            UploadedCapture capture,
            Optional<LayerEigenbasis> basis,
            RotatedGradients gradients) {
        int layer = capture.layerIndex();
        if (!shared[layer] || !gradients.rotatesFirst(capture, basis)) {
            return Optional.empty();
        }
        BlockDiagonal vectors = basis.orElseThrow().activationVectors();
        Kept last = kept;
        if (last == null || !last.isOf(step, sources[layer], vectors, capture)) {
            BackendMatrix activations = capture.activations();
            BackendMatrix rotated = memory.take(activations.rows(), activations.columns());
            vectors.multiplyRows(backend, activations, false, rotated);
            last = new Kept(step, sources[layer], vectors, capture.activationExponent(), rotated);
            kept = last;
        }
        return Optional.of(last.rotated());
    }

    @Override
    public void close() {
        kept = null;
        memory.close();
    }
}
