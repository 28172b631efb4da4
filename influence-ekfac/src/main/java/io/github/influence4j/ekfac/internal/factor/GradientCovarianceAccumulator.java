package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import io.github.influence4j.linalg.Rows;
import java.util.Arrays;

/**
 * Adds up G_zᵀG_z, [i, i], and G_zG_zᵀ, [o, o], of one layer's gradients, each summed over its example's positions.
 *
 * <p>With several positions the gradients are formed, some examples at a time: 4t·i·o + i·o(i + o) flops an example. With one
 * position G_z = g āᵀ, so that the sums are those of ‖g‖²āāᵀ and ‖ā‖²ggᵀ: i² + o² flops.
 */
final class GradientCovarianceAccumulator extends OuterProductSums {

    private final MatrixBackend backend;
    private final Scratch memory;

    GradientCovarianceAccumulator(
            MatrixBackend backend, LayerSpec layer, CovarianceStage.Options options, Scratch memory, Scratch widened) {
        super(backend, layer, options, true, widened);
        this.backend = backend;
        this.memory = memory;
    }

    @Override
    void addProducts(UploadedCapture capture, int objectiveIndex) {
        if (capture.positions() == 1) {
            addActivations(scaled(capture.activations(), capture.outputGradients()), capture.exponent());
            addGradients(scaled(capture.outputGradients(), capture.activations()), capture.exponent());
            return;
        }
        int most = CovarianceStage.gradientsAtOnce(layer(), capture.examples());
        for (int first = 0; first < capture.examples(); first += most) {
            int count = Math.min(most, capture.examples() - first);
            UploadedCapture part = capture.examples(first, count);
            addActivations(gradients(count, part.outputGradients(), part.activations()), capture.exponent());
            addGradients(gradients(count, part.activations(), part.outputGradients()), capture.exponent());
        }
    }

    /** Σ_p left_p right_pᵀ of each example, one under the other. */
    private BackendMatrix gradients(int count, BackendMatrix left, BackendMatrix right) {
        BackendMatrix stacked = memory.take(count * left.columns(), right.columns());
        backend.multiplyBatch(count, 1, Operand.transposed(left), Operand.of(right), 0, stacked);
        return stacked;
    }

    /** Each row times the norm of the other matrix's row. */
    private BackendMatrix scaled(BackendMatrix rows, BackendMatrix others) {
        int n = rows.rows();
        try (BackendMatrix norms = backend.copyOf(norms(others), backend.precision());
                BackendMatrix ones = backend.copyOf(ones(rows.columns()), backend.precision())) {
            BackendMatrix result = memory.take(n, rows.columns());
            backend.multiply(Operand.of(norms), Operand.of(ones), result);
            backend.multiplyElements(result, rows, result);
            return result;
        }
    }

    private static Matrix norms(BackendMatrix rows) {
        double[] norms = new double[rows.rows()];
        int columns = rows.columns();
        Rows.forEach(
                rows,
                (r, numbers, offset) -> norms[r] = Math.sqrt(Arrays.stream(numbers, offset, offset + columns)
                        .map(x -> x * x)
                        .sum()));
        return Matrix.of(norms, norms.length, 1);
    }

    private static Matrix ones(int columns) {
        double[] ones = new double[columns];
        Arrays.fill(ones, 1);
        return Matrix.of(ones, 1, columns);
    }

    @Override
    long activationTerms(long examples, long positions, int weight) {
        return examples * weight;
    }

    @Override
    long gradientTerms(long examples, long positions, int weight) {
        return examples * weight;
    }
}
