package io.github.influence4j.ekfac.eigen;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.FitOptions.Rotation;
import io.github.influence4j.ekfac.factor.BlockDiagonal;
import io.github.influence4j.ekfac.factor.Scratch;
import io.github.influence4j.ekfac.factor.UploadedCapture;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.Optional;

/**
 * Gradients in a layer's eigenbasis, P_z = Q_Sᵀ G_z Q_A, from captures; without a basis P_z = G_z.
 *
 * <p>Where a layer has one position, P_z = (Q_Sᵀg)(Q_Aᵀā)ᵀ and only the two rotated vectors are needed. With more, either
 * the vectors are rotated and then summed over positions, or the gradient is formed and then rotated, whichever needs
 * fewer flops. Both are exact. Not for use by several threads.
 */
public final class RotatedGradients implements AutoCloseable {

    private final MatrixBackend backend;
    private final Rotation rotation;
    private final Scratch activations;
    private final Scratch outputGradients;
    private final Scratch gradients;
    private final Scratch halfRotated;

    /** Takes the rotated gradients of some examples. */
    @FunctionalInterface
    public interface Consumer {
        /**
         * Takes gradients.
         *
         * @param firstExample index in the capture of the first example
         * @param examples m, number of examples
         * @param gradients [m·o, i], valid until this method returns; may be overwritten
         */
        void accept(int firstExample, int examples, BackendMatrix gradients);
    }

    /**
     * Makes an empty workspace.
     *
     * @param backend where the matrices lie
     * @param rotation how to form rotated gradients
     */
    public RotatedGradients(MatrixBackend backend, Rotation rotation) {
        this.backend = backend;
        this.rotation = rotation;
        this.activations = new Scratch(backend);
        this.outputGradients = new Scratch(backend);
        this.gradients = new Scratch(backend);
        this.halfRotated = new Scratch(backend);
    }

    /**
     * Computes ā Q_A, or copies ā where there is no basis.
     *
     * @param capture the capture
     * @param basis the layer's eigenbasis
     * @return [n·t, i], valid until the next call; may be overwritten
     */
    public BackendMatrix activations(UploadedCapture capture, Optional<LayerEigenbasis> basis) {
        return rotate(capture.activations(), basis.map(LayerEigenbasis::activationVectors), activations);
    }

    /**
     * Computes g Q_S, or copies g where there is no basis.
     *
     * @param capture the capture
     * @param basis the layer's eigenbasis
     * @return [n·t, o], valid until the next call; may be overwritten
     */
    public BackendMatrix outputGradients(UploadedCapture capture, Optional<LayerEigenbasis> basis) {
        return rotate(capture.outputGradients(), basis.map(LayerEigenbasis::gradientVectors), outputGradients);
    }

    private BackendMatrix rotate(BackendMatrix rows, Optional<BlockDiagonal> vectors, Scratch scratch) {
        BackendMatrix rotated = scratch.take(rows.rows(), rows.columns());
        if (vectors.isPresent()) {
            vectors.get().multiplyRows(backend, rows, false, rotated);
        } else {
            backend.upload(rows, rotated);
        }
        return rotated;
    }

    /**
     * Forms the rotated gradient of every example, some examples at a time so that memory stays bounded.
     *
     * @param capture the capture
     * @param basis the layer's eigenbasis; empty for unrotated gradients
     * @param consumer takes them
     */
    public void forEach(UploadedCapture capture, Optional<LayerEigenbasis> basis, Consumer consumer) {
        LayerSpec layer = capture.layer();
        RotationCost cost = new RotationCost(
                layer, capture.positions(), basis.map(LayerEigenbasis::blocks).orElse(0));
        int most = cost.gradientsAtOnce(capture.examples());
        for (int first = 0; first < capture.examples(); first += most) {
            int count = Math.min(most, capture.examples() - first);
            UploadedCapture part = capture.examples(first, count);
            BackendMatrix rotated;
            if (cost.rotatesFirst(rotation)) {
                rotated = sumPositions(part, activations(part, basis), outputGradients(part, basis));
            } else {
                rotated = sumPositions(part, part.activations(), part.outputGradients());
                if (basis.isPresent()) {
                    rotated = rotateGradients(count, rotated, basis.get());
                }
            }
            consumer.accept(first, count, rotated);
        }
    }

    private BackendMatrix sumPositions(UploadedCapture part, BackendMatrix a, BackendMatrix g) {
        BackendMatrix summed = gradients.take(part.examples() * g.columns(), a.columns());
        backend.multiplyBatch(part.examples(), 1, Operand.transposed(g), Operand.of(a), 0, summed);
        return summed;
    }

    private BackendMatrix rotateGradients(int count, BackendMatrix plain, LayerEigenbasis basis) {
        BackendMatrix half = halfRotated.take(plain.rows(), plain.columns());
        basis.activationVectors().multiplyRows(backend, plain, false, half);
        basis.gradientVectors().multiplyStack(backend, count, half, true, plain);
        return plain;
    }

    @Override
    public void close() {
        activations.close();
        outputGradients.close();
        gradients.close();
        halfRotated.close();
    }
}
