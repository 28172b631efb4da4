package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.Arrays;

/**
 * Adds up G_zᵀG_z, [i, i], and G_zG_zᵀ, [o, o], of one layer's gradients, each summed over its example's positions.
 *
 * <p>With several positions the gradients are formed, some examples at a time: 4t·i·o + i·o(i + o) flops an example. With one
 * position G_z = g āᵀ, so that the sums are those of ‖g‖²āāᵀ and ‖ā‖²ggᵀ: i² + o² flops.
 */
final class GradientCovarianceAccumulator implements OuterProductSums {

    private final MatrixBackend backend;
    private final LayerSpec layer;
    private final int weight;
    private final BlockSum activation;
    private final BlockSum gradient;
    private final Scratch memory;
    private long examples;
    private long positions;

    GradientCovarianceAccumulator(MatrixBackend backend, LayerSpec layer, int weight, int blocks, Scratch memory) {
        this.backend = backend;
        this.layer = layer;
        this.weight = weight;
        this.activation = new BlockSum(backend, layer.gradientColumns(), blocks);
        this.gradient = new BlockSum(backend, layer.outputs(), blocks);
        this.memory = memory;
    }

    @Override
    public void add(UploadedCapture capture, int objectiveIndex) {
        if (objectiveIndex == 0) {
            examples += capture.examples();
            positions += capture.realPositions();
        }
        if (capture.positions() == 1) {
            activation.add(scaled(capture.activations(), capture.outputGradients()));
            gradient.add(scaled(capture.outputGradients(), capture.activations()));
            return;
        }
        int most = CovarianceStage.gradientsAtOnce(layer, capture.examples());
        for (int first = 0; first < capture.examples(); first += most) {
            int count = Math.min(most, capture.examples() - first);
            UploadedCapture part = capture.examples(first, count);
            activation.add(gradients(count, part.outputGradients(), part.activations()));
            gradient.add(gradients(count, part.activations(), part.outputGradients()));
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
        double[] row = new double[rows.columns()];
        for (int r = 0; r < norms.length; r++) {
            rows.read(r, 1, row, 0);
            norms[r] = Math.sqrt(Arrays.stream(row).map(x -> x * x).sum());
        }
        return Matrix.of(norms, norms.length, 1);
    }

    private static Matrix ones(int columns) {
        double[] ones = new double[columns];
        Arrays.fill(ones, 1);
        return Matrix.of(ones, 1, columns);
    }

    @Override
    public LayerCovariance release() {
        if (positions == 0) {
            throw new NumericalException("layer " + layer.name() + ": every position of the data set is masked");
        }
        BlockDiagonal activationMean = activation.releaseMean(examples * weight);
        try {
            return new LayerCovariance(layer, activationMean, gradient.releaseMean(examples * weight), positions);
        } catch (RuntimeException | Error e) {
            activationMean.close();
            throw e;
        }
    }

    @Override
    public void close() {
        activation.close();
        gradient.close();
    }
}
