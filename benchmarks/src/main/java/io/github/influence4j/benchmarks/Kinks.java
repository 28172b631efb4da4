package io.github.influence4j.benchmarks;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.linalg.Operand;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Examples with an input of a ReLU so near to zero that rounding in float32 may turn its sign: |z| ≤ ε ‖w‖‖x‖, ε = 2⁻²⁴, by a forward
 * pass in float64. Two programs may take either side there, and both are right; the gradients of such an example, and its scores,
 * differ by what passes through that unit.
 *
 * @param train of the training set
 * @param queries of the queries
 */
record Kinks(BitSet train, BitSet queries) {

    private static final double ROUNDING = 0x1p-24;
    private static final int ROWS = 4096;

    static Kinks of(WorkloadData data) {
        if (data.workload().activation() != Activation.RELU) {
            return new Kinks(new BitSet(), new BitSet());
        }
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT64)) {
            return new Kinks(near(backend, data, data.train()), near(backend, data, data.queries()));
        }
    }

    private static BitSet near(MatrixBackend backend, WorkloadData data, Examples set) {
        BitSet near = new BitSet();
        int rows = set.count() * set.positions();
        for (int first = 0; first < rows; first += ROWS) {
            int count = Math.min(ROWS, rows - first);
            double[][] x = new double[count][set.width()];
            for (int r = 0; r < count; r++) {
                for (int c = 0; c < set.width(); c++) {
                    x[r][c] = set.inputs()[(first + r) * set.width() + c];
                }
            }
            for (int l = 0; l + 1 < data.workload().layers().size(); l++) {
                x = rectified(backend, data, l, x, first, set.positions(), near);
            }
        }
        return near;
    }

    /** The inputs of the next layer; sets the examples of rows that have a unit near its kink. */
    private static double[][] rectified(
            MatrixBackend backend, WorkloadData data, int l, double[][] x, int first, int positions, BitSet near) {
        LayerSpec layer = data.workload().layers().get(l);
        Matrix kernel = Matrix.of(data.kernels().get(l), layer.outputs(), layer.inputs());
        float[] biases = data.biases().get(l);
        double[] norms = norms(kernel.toArray());
        double[] lengths = norms(x);
        try (BackendMatrix weights = backend.copyOf(kernel, Precision.FLOAT64);
                BackendMatrix inputs = backend.copyOf(Matrix.of(x), Precision.FLOAT64);
                BackendMatrix outputs = backend.zeros(x.length, layer.outputs())) {
            backend.multiply(Operand.of(inputs), Operand.transposed(weights), outputs);
            double[][] z = outputs.toArray();
            for (int r = 0; r < z.length; r++) {
                for (int o = 0; o < layer.outputs(); o++) {
                    double value = z[r][o] + biases[o];
                    if (Math.abs(value) <= ROUNDING * norms[o] * lengths[r]) {
                        near.set((first + r) / positions);
                    }
                    z[r][o] = Math.max(0, value);
                }
            }
            return z;
        }
    }

    private static double[] norms(double[][] rows) {
        return Arrays.stream(rows)
                .mapToDouble(row -> Math.sqrt(Arrays.stream(row).map(v -> v * v).sum()))
                .toArray();
    }
}
