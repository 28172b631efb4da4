package io.github.influence4j.index.internal.whiten;

import io.github.influence4j.api.NumericalException;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.eigen.RotatedGradients;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.factor.UploadedCapture;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.internal.solve.Reciprocals;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Whitened gradients G̃ = Q_SᵀGQ_A ⊘ √(Λ+λ) of captures: the score of two examples is the sum over layers of the inner products
 * of theirs.
 *
 * <p>Costs what rotating and forming the gradients costs, and memory for some of them and for √(1/(Λ+λ)) of all layers. For one
 * thread.
 */
public final class WhitenedGradients implements AutoCloseable {

    /** Most numbers that are handed over together: 64 MiB. */
    private static final int NUMBERS = 1 << 24;

    private final MatrixBackend backend;
    private final EigenbasisSolver solver;
    private final RotatedGradients rotated;
    private final Map<Integer, BackendMatrix> roots = new HashMap<>();
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
     * @param solver the damped curvature; borrowed
     */
    public WhitenedGradients(MatrixBackend backend, EigenbasisSolver solver) {
        this.backend = backend;
        this.solver = solver;
        this.rotated = new RotatedGradients(backend, Rotation.CHEAPEST);
    }

    /**
     * Whitens the gradients of a capture.
     *
     * @param capture the capture
     * @param consumer takes the rows, in order of the examples
     * @throws NumericalException if one is not finite in float32
     */
    public void forEach(UploadedCapture capture, Consumer consumer) {
        int numbers = Math.toIntExact(capture.layer().parameters());
        int most = Math.max(1, NUMBERS / numbers);
        for (int first = 0; first < capture.examples(); first += most) {
            int count = Math.min(most, capture.examples() - first);
            int start = first;
            rotated.forEach(capture.examples(first, count), basis(capture.layerIndex()), chunk -> {
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
        double factor = Math.scalb(1.0, -capture.exponent()) * Math.pow(2, -solver.exponent(layer) / 2.0);
        if (rows.length < chunk.examples() * numbers) {
            rows = new float[chunk.examples() * numbers];
        }
        chunk.forEach((first, outputs, gradients) -> {
            int width = outputs * inputs;
            if (tile.length < width) {
                tile = new float[width];
            }
            for (int e = 0; e < chunk.examples(); e++) {
                BackendMatrix one = gradients.rows(e * outputs, outputs);
                root(layer).ifPresent(root -> backend.multiplyElements(one, root.rows(first, outputs), one));
                one.read(0, outputs, tile, 0);
                int to = e * numbers + first * inputs;
                boolean finite = true;
                for (int k = 0; k < width; k++) {
                    float value = (float) (tile[k] * factor);
                    finite &= Float.isFinite(value);
                    rows[to + k] = value;
                }
                if (!finite) {
                    throw new NumericalException("layer " + capture.layer().name()
                            + ": the whitened gradient of example " + (chunk.firstExample() + e)
                            + " of a batch is not finite in float32; scale the loss");
                }
            }
        });
    }

    /** √(1/(Λ+λ)), up to the root of the solver's power of two; empty for the identity. */
    private Optional<BackendMatrix> root(int layer) {
        return solver.reciprocals(layer)
                .map(Reciprocals::values)
                .map(values -> roots.computeIfAbsent(layer, l -> {
                    BackendMatrix result = backend.uninitialised(values.rows(), values.columns(), backend.precision());
                    double[] row = new double[values.columns()];
                    for (int r = 0; r < values.rows(); r++) {
                        values.read(r, 1, row, 0);
                        for (int k = 0; k < row.length; k++) {
                            row[k] = Math.sqrt(row[k]);
                        }
                        backend.upload(row, result.rows(r, 1));
                    }
                    return result;
                }));
    }

    @Override
    public void close() {
        rotated.close();
        roots.values().forEach(BackendMatrix::close);
    }
}
