package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.Arrays;

/** The rate of a plain square product: what the machine can do at best. */
final class Sgemm {

    private static final int WARM_UP = 3;
    private static final int REPEATS = 7;

    private Sgemm() {}

    /** Measures the median rate of products of the order that fits a processor, in GFLOP/s. */
    static double gflops(MatrixBackend backend) {
        return gflops(backend, Device.CPU.sgemmOrder());
    }

    /** Measures the median rate of products of an order, in GFLOP/s. */
    static double gflops(MatrixBackend backend, int order) {
        double[] seconds = new double[WARM_UP + REPEATS];
        float[] values = RandomNumbers.uniform(order * order, 1);
        Matrix numbers = Matrix.of(values, order, order);
        float[] row = new float[order];
        try (BackendMatrix a = backend.copyOf(numbers, backend.precision());
                BackendMatrix b = backend.copyOf(numbers, backend.precision());
                BackendMatrix c = backend.zeros(order, order)) {
            for (int k = 0; k < seconds.length; k++) {
                long start = System.nanoTime();
                backend.multiply(Operand.of(a), Operand.of(b), c);
                c.read(0, 1, row, 0); // waits for a backend that works asynchronously
                seconds[k] = (System.nanoTime() - start) / 1e9;
            }
        }
        return 2e-9 * order * order * order / median(Arrays.copyOfRange(seconds, WARM_UP, seconds.length));
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }
}
