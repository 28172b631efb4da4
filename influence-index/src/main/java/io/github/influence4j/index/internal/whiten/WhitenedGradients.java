package io.github.influence4j.index.internal.whiten;

import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.eigen.RotatedGradients;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import io.github.influence4j.ekfac.internal.factor.UploadedCapture;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.internal.solve.Reciprocals;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whitened gradients G̃ = Q_SᵀGQ_A ⊘ √(Λ+λ) of captures: the score of two examples is the sum over layers of the inner products
 * of theirs.
 *
 * <p>Costs what rotating and forming the gradients costs, and memory for some of them, for one rotated input and for √(1/(Λ+λ)) of all
 * layers. For one thread.
 */
public final class WhitenedGradients implements AutoCloseable {

    /** Most numbers that are handed over together: 64 MiB. */
    private static final int NUMBERS = 1 << 24;

    private final MatrixBackend backend;
    private final EigenbasisSolver solver;
    private final RotatedGradients rotated;
    private final SharedRotations inputs;
    private final Map<Integer, Roots> roots = new HashMap<>();
    private float[] rows = {};
    private float[] tile = {};

    /** Takes the whitened gradients of some examples. */
    @FunctionalInterface
    public interface Consumer {
        /**
         * Takes some rows.
         *
         * @param firstExample index in the capture of the first
         * @param examples m
         * @param rows [m, o·i], packed, valid until this method returns
         */
        void accept(int firstExample, int examples, float[] rows);
    }

    /**
     * Prepares a pass.
     *
     * @param backend computes
     * @param model says which layers read one input, which is rotated once for all of them
     * @param layers those of the pass
     * @param solver the damped curvature; borrowed
     */
    public WhitenedGradients(
            MatrixBackend backend, GradientProvider<?> model, List<LayerSpec> layers, EigenbasisSolver solver) {
        this.backend = backend;
        this.solver = solver;
        this.inputs = new SharedRotations(backend, SharedInputs.of(model, layers), layers);
        this.rotated = new RotatedGradients(backend, Rotation.CHEAPEST);
    }

    /**
     * Whitens the gradients of a capture.
     *
     * @param step the batch
     * @param capture one of its layers
     * @param consumer takes the rows, in order of the examples
     * @throws NumericalException if one is not finite in float32
     */
    public void forEach(CapturePass.Step step, UploadedCapture capture, Consumer consumer) {
        Optional<LayerEigenbasis> basis = basis(capture.layerIndex());
        Optional<BackendMatrix> input = inputs.of(step, capture, basis, rotated);
        int numbers = Math.toIntExact(capture.layer().parameters());
        int most = Math.max(1, NUMBERS / numbers);
        for (int first = 0; first < capture.examples(); first += most) {
            int count = Math.min(most, capture.examples() - first);
            int start = first;
            int row = first * capture.positions();
            int height = count * capture.positions();
            Optional<BackendMatrix> part = input.map(all -> all.rows(row, height));
            rotated.forEach(capture.examples(first, count), basis, part, chunk -> {
                form(capture, chunk, numbers);
                consumer.accept(start + chunk.firstExample(), chunk.examples(), rows);
            });
        }
    }

    private Optional<LayerEigenbasis> basis(int layer) {
        return solver.rotates(layer) ? solver.basis(layer) : Optional.empty();
    }

    private void form(UploadedCapture capture, RotatedGradients.Chunk chunk, int numbers) {
        int layer = capture.layerIndex();
        int inputs = capture.layer().gradientColumns();
        int examples = chunk.examples();
        double factor = Math.scalb(1.0, -capture.exponent()) * Math.pow(2, -solver.exponent(layer) / 2.0);
        Roots root = root(layer, numbers);
        if (rows.length < examples * numbers) {
            rows = new float[examples * numbers];
        }
        chunk.forEach((first, outputs, gradients) -> {
            int width = outputs * inputs;
            if (tile.length < examples * width) {
                tile = new float[examples * width];
            }
            int tasks = Math.min(examples, Math.max(1, backend.parallelism()));
            backend.inParallel(tasks, task -> {
                for (int e = task; e < examples; e += tasks) {
                    // one after the other, so that an example is in the core's cache
                    gradients.read(e * outputs, outputs, tile, e * width);
                    if (!root.multiply(
                            tile, e * width, factor, first * inputs, width, rows, e * numbers + first * inputs)) {
                        throw new NumericalException("layer " + capture.layer().name()
                                + ": the whitened gradient of example " + (chunk.firstExample() + e)
                                + " of a batch is not finite in float32; scale the loss");
                    }
                }
            });
        });
    }

    /** √(1/(Λ+λ)) of a layer, [o, i] row-major, up to the root of the solver's power of two; 1 for the identity. */
    private Roots root(int layer, int numbers) {
        return roots.computeIfAbsent(layer, l -> {
            float[] root = new float[numbers];
            Arrays.fill(root, 1);
            solver.reciprocals(l).map(Reciprocals::values).ifPresent(values -> {
                double[] row = new double[values.columns()];
                for (int r = 0; r < values.rows(); r++) {
                    values.read(r, 1, row, 0);
                    for (int k = 0; k < row.length; k++) {
                        root[r * row.length + k] = (float) Math.sqrt(row[k]);
                    }
                }
            });
            return Roots.of(root);
        });
    }

    @Override
    public void close() {
        inputs.close();
        rotated.close();
    }
}
