package io.github.influence4j.ekfac.internal.eigen;

import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import io.github.influence4j.ekfac.internal.factor.Scratch;
import io.github.influence4j.ekfac.internal.factor.UploadedCapture;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Gradients in a layer's eigenbasis, P_z = Q_Sᵀ G_z Q_A, from captures; without a basis P_z = G_z.
 *
 * <p>Where a layer has one position, P_z = (Q_Sᵀg)(Q_Aᵀā)ᵀ and only the two rotated vectors are needed. With more, either
 * the vectors are rotated and then summed over positions, or the gradient is formed and then rotated, whichever needs
 * fewer flops. Where only P_z∘P_z is needed, it may be summed over pairs of positions instead (see {@link
 * RotationCost#gram}). All are exact. Not for use by several threads.
 */
public final class RotatedGradients implements AutoCloseable {

    private final MatrixBackend backend;
    private final Rotation rotation;
    private final Scratch activations;
    private final Scratch outputGradients;
    private final Scratch gradients;
    private final Scratch halfRotated;

    /**
     * Some examples of a capture whose rotated gradients are formed together, some outputs at a time: what is formed stays
     * in the cache until it is used, and whoever uses it goes through its own numbers once for all examples.
     */
    public final class Chunk {
        private final UploadedCapture part;
        private final int firstExample;
        private final Optional<LayerEigenbasis> basis;
        private final Optional<BackendMatrix> rotated;
        private final RotationCost cost;

        private Chunk(
                UploadedCapture part,
                int firstExample,
                Optional<LayerEigenbasis> basis,
                Optional<BackendMatrix> rotated,
                RotationCost cost) {
            this.part = part;
            this.firstExample = firstExample;
            this.basis = basis;
            this.rotated = rotated;
            this.cost = cost;
        }

        /**
         * Returns where the examples begin.
         *
         * @return index in the capture of the first example
         */
        public int firstExample() {
            return firstExample;
        }

        /**
         * Returns the number of examples.
         *
         * @return m
         */
        public int examples() {
            return part.examples();
        }

        /**
         * Forms the gradients.
         *
         * @param tiles takes them, in order of the outputs
         */
        public void forEach(Tiles tiles) {
            if (cost.blocks() > 0 && !cost.rotatesFirst(rotation)) {
                BackendMatrix whole = gradients.take(
                        part.examples() * part.outputGradients().columns(),
                        part.activations().columns());
                sumPositions(part, part.activations(), part.outputGradients(), whole);
                rotateGradients(part.examples(), whole, basis.orElseThrow());
                tiles.accept(0, part.outputGradients().columns(), whole);
                return;
            }
            BackendMatrix a = rotatedActivations();
            BackendMatrix g = rotatedOutputGradients();
            int most = cost.outputsAtOnce(part.examples());
            for (int first = 0; first < g.columns(); first += most) {
                int count = Math.min(most, g.columns() - first);
                BackendMatrix tile = gradients.take(part.examples() * count, a.columns());
                sumPositions(part, a, g.view(0, g.rows(), first, count), tile);
                tiles.accept(first, count, tile);
            }
        }

        /**
         * Forms the gradients of a few examples after the other, a tile of outputs on each core.
         *
         * @param tiles takes them
         */
        public void forEachTile(GradientTiles.Use tiles) {
            new GradientTiles(backend, cost, gradients)
                    .forEach(part.examples(), rotatedActivations(), rotatedOutputGradients(), tiles);
        }

        private BackendMatrix rotatedActivations() {
            return rotated.orElseGet(
                    () -> basis.isPresent() ? RotatedGradients.this.activations(part, basis) : part.activations());
        }

        private BackendMatrix rotatedOutputGradients() {
            return basis.isPresent() ? RotatedGradients.this.outputGradients(part, basis) : part.outputGradients();
        }
    }

    /** Takes the rotated gradients of a chunk. */
    @FunctionalInterface
    public interface Tiles {
        /**
         * Takes some rows of every gradient.
         *
         * @param firstOutput index of the first row
         * @param outputs k, number of rows
         * @param gradients [m·k, i], valid until this method returns; may be overwritten
         */
        void accept(int firstOutput, int outputs, BackendMatrix gradients);
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

    /**
     * Tells whether vectors are rotated before gradients are formed.
     *
     * @param capture the capture
     * @param basis the layer's eigenbasis; empty for unrotated gradients
     * @return false where there is no basis
     */
    public boolean rotatesFirst(UploadedCapture capture, Optional<LayerEigenbasis> basis) {
        return cost(capture, basis).rotatesFirst(rotation);
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
     * Divides a capture into chunks of examples, so that memory stays bounded.
     *
     * @param capture the capture
     * @param basis the layer's eigenbasis; empty for unrotated gradients
     * @param chunks takes them, in order of the examples
     */
    public void forEach(UploadedCapture capture, Optional<LayerEigenbasis> basis, Consumer<Chunk> chunks) {
        forEach(capture, basis, Optional.empty(), chunks);
    }

    /**
     * Divides a capture into chunks of examples, whose activations may be rotated already: layers that read one input rotate it once.
     *
     * @param capture the capture
     * @param basis the layer's eigenbasis; empty for unrotated gradients
     * @param rotated ā Q_A, [n·t, i], which stays as it is; empty to rotate them chunk by chunk
     * @param chunks takes them, in order of the examples
     */
    public void forEach(
            UploadedCapture capture,
            Optional<LayerEigenbasis> basis,
            Optional<BackendMatrix> rotated,
            Consumer<Chunk> chunks) {
        RotationCost cost = cost(capture, basis);
        int most = cost.gradientsAtOnce(capture.examples(), rotation);
        for (int first = 0; first < capture.examples(); first += most) {
            int count = Math.min(most, capture.examples() - first);
            int row = first * capture.positions();
            int rows = count * capture.positions();
            chunks.accept(new Chunk(
                    capture.examples(first, count), first, basis, rotated.map(all -> all.rows(row, rows)), cost));
        }
    }

    /**
     * Products of rotated vectors at the pairs of positions (p, p + k) of some examples, for one distance k. Valid until
     * whoever takes them returns; may be overwritten.
     *
     * @param firstExample index in the capture of the first example
     * @param examples m
     * @param weight 1 where k = 0, else 2, as (p + k, p) is the same
     * @param activations ā_p∘ā_{p+k}, [m·(t − k), i]
     * @param outputGradients g_p∘g_{p+k}, [m·(t − k), o]
     */
    public record Pairs(
            int firstExample, int examples, double weight, BackendMatrix activations, BackendMatrix outputGradients) {}

    /**
     * Multiplies rotated vectors at all pairs of positions: P_z∘P_z is the sum over all pairs of weight · g aᵀ. Masked positions
     * are 0 and add nothing.
     *
     * @param capture the capture
     * @param basis the layer's eigenbasis; empty for unrotated gradients
     * @param pairs takes them, some examples at a time, each distance once
     */
    public void forEachPair(UploadedCapture capture, Optional<LayerEigenbasis> basis, Consumer<Pairs> pairs) {
        int positions = capture.positions();
        int most = cost(capture, basis).pairsAtOnce(capture.examples());
        for (int first = 0; first < capture.examples(); first += most) {
            int count = Math.min(most, capture.examples() - first);
            UploadedCapture part = capture.examples(first, count);
            BackendMatrix a = activations(part, basis);
            BackendMatrix g = outputGradients(part, basis);
            for (int k = 1; k < positions; k++) {
                int rows = count * (positions - k);
                BackendMatrix pairA = gradients.take(rows, a.columns());
                BackendMatrix pairG = halfRotated.take(rows, g.columns());
                multiplyPairs(count, positions, k, a, pairA);
                multiplyPairs(count, positions, k, g, pairG);
                pairs.accept(new Pairs(first, count, 2, pairA, pairG));
            }
            backend.multiplyElements(a, a, a);
            backend.multiplyElements(g, g, g);
            pairs.accept(new Pairs(first, count, 1, a, g));
        }
    }

    /** Positions k, k + 1, … of each example times positions 0, 1, …: one strided product for all examples. */
    private void multiplyPairs(int examples, int positions, int k, BackendMatrix rows, BackendMatrix target) {
        int width = rows.columns();
        int numbers = (positions - k) * width;
        BackendMatrix flat = rows.reshape(examples, positions * width);
        backend.multiplyElements(
                flat.view(0, examples, 0, numbers),
                flat.view(0, examples, k * width, numbers),
                target.reshape(examples, numbers));
    }

    /**
     * Forms the rotated gradient of every example, all at once.
     *
     * @param capture the capture
     * @param basis the layer's eigenbasis; empty for unrotated gradients
     * @param target receives them, [n·o, i], packed
     */
    public void into(UploadedCapture capture, Optional<LayerEigenbasis> basis, BackendMatrix target) {
        boolean first = cost(capture, basis).rotatesFirst(rotation);
        sumPositions(
                capture,
                first ? activations(capture, basis) : capture.activations(),
                first ? outputGradients(capture, basis) : capture.outputGradients(),
                target);
        if (basis.isPresent() && !first) {
            rotateGradients(capture.examples(), target, basis.get());
        }
    }

    /**
     * Says what the ways of forming rotated gradients need.
     *
     * @param capture the capture
     * @param basis the layer's eigenbasis; empty for unrotated gradients
     * @return costs of an example
     */
    public RotationCost cost(UploadedCapture capture, Optional<LayerEigenbasis> basis) {
        int blocks = basis.map(LayerEigenbasis::blocks).orElse(0);
        return new RotationCost(capture.layer(), capture.positions(), blocks, backend.workSizes());
    }

    private void sumPositions(UploadedCapture part, BackendMatrix a, BackendMatrix g, BackendMatrix target) {
        backend.multiplyBatch(part.examples(), 1, Operand.transposed(g), Operand.of(a), 0, target);
    }

    private void rotateGradients(int count, BackendMatrix plain, LayerEigenbasis basis) {
        BackendMatrix half = halfRotated.take(plain.rows(), plain.columns());
        basis.activationVectors().multiplyRows(backend, plain, false, half);
        basis.gradientVectors().multiplyStack(backend, count, half, true, plain);
    }

    @Override
    public void close() {
        activations.close();
        outputGradients.close();
        gradients.close();
        halfRotated.close();
    }
}
