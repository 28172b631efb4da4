package io.github.influence4j.ekfac.internal.eigen;

import io.github.influence4j.ekfac.internal.factor.Scratch;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;

/**
 * Gradients of examples, formed some outputs of a few examples at a time by a core that uses them while they are in its own cache:
 * G_z = Σ_p g_p ā_pᵀ, 2t·i·o flops an example.
 */
public final class GradientTiles {

    private final MatrixBackend backend;
    private final RotationCost cost;
    private final Scratch memory;

    /** Takes tiles of the gradients of a few examples, on any core; those of other outputs may come at the same time. */
    @FunctionalInterface
    public interface Use {
        /**
         * Takes some rows of some gradients.
         *
         * @param firstExample index of the first example; each tile comes with all examples in order
         * @param examples m
         * @param tile index of the tile
         * @param firstOutput index of the first row
         * @param gradients [m·k, i], valid until this method returns; may be overwritten
         */
        void accept(int firstExample, int examples, int tile, int firstOutput, BackendMatrix gradients);
    }

    GradientTiles(MatrixBackend backend, RotationCost cost, Scratch memory) {
        this.backend = backend;
        this.cost = cost;
        this.memory = memory;
    }

    /** Forms the gradients of n examples from ā, [n·t, i], and g, [n·t, o]. */
    void forEach(int examples, BackendMatrix a, BackendMatrix g, Use use) {
        int tiles = cost.tiles();
        int tasks = Math.min(tiles, cost.sizes().cores());
        int together = Math.min(examples, cost.tileExamples());
        int rowsOfTask = cost.tileOutputs() * together;
        BackendMatrix formed = memory.take(tasks * rowsOfTask, a.columns());
        backend.inParallel(tasks, task -> {
            BackendMatrix own = formed.rows(task * rowsOfTask, rowsOfTask);
            for (int tile = task; tile < tiles; tile += tasks) {
                for (int first = 0; first < examples; first += together) {
                    int count = Math.min(together, examples - first);
                    form(first, count, tile, a, g, own, use);
                }
            }
        });
    }

    private void form(int first, int count, int tile, BackendMatrix a, BackendMatrix g, BackendMatrix own, Use use) {
        int positions = cost.positions();
        int firstOutput = tile * cost.tileOutputs();
        int outputs = Math.min(cost.tileOutputs(), g.columns() - firstOutput);
        BackendMatrix target = own.rows(0, count * outputs);
        BackendMatrix gradients = g.view(first * positions, count * positions, firstOutput, outputs);
        BackendMatrix activations = a.rows(first * positions, count * positions);
        backend.multiplyBatch(count, 1, Operand.transposed(gradients), Operand.of(activations), 0, target);
        use.accept(first, count, tile, firstOutput, target);
    }
}
