package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.Arrays;

/** The rate of a plain square product: what the machine can do at best. */
final class Sgemm {

    private static final int ORDER = 2048;
    private static final int WARM_UP = 3;
    private static final int REPEATS = 7;

    private Sgemm() {}

    /** Measures the median rate of products of order 2048, in GFLOP/s. */
    static double gflops(MatrixBackend backend) {
        double[] seconds = new double[WARM_UP + REPEATS];
        float[] values = new float[ORDER * ORDER];
        for (int k = 0; k < values.length; k++) {
            values[k] = (k % 1021) / 1021f - 0.5f;
        }
        Matrix numbers = Matrix.of(values, ORDER, ORDER);
        try (BackendMatrix a = backend.copyOf(numbers, backend.precision());
                BackendMatrix b = backend.copyOf(numbers, backend.precision());
                BackendMatrix c = backend.zeros(ORDER, ORDER)) {
            for (int k = 0; k < seconds.length; k++) {
                long start = System.nanoTime();
                backend.multiply(Operand.of(a), Operand.of(b), c);
                seconds[k] = (System.nanoTime() - start) / 1e9;
            }
        }
        return 2e-9 * ORDER * ORDER * ORDER / median(Arrays.copyOfRange(seconds, WARM_UP, seconds.length));
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }
}
