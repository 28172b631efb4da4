package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.Arrays;
import java.util.stream.IntStream;

/** The rate at which a plain copy of a large array moves bytes, those that are read and those that are written. */
final class CopyRate {

    private static final int WARM_UP = 3;
    private static final int REPEATS = 7;

    /** Numbers of the array, 128 MiB: no cache holds it and its copy. */
    private static final int NUMBERS = 1 << 25;

    private static final int DEVICE_ORDER = 1 << 13;

    private CopyRate() {}

    /** Measures the median rate in the memory that a backend computes in, with all threads, in bytes a second. */
    static double bytesPerSecond(MatrixBackend backend) {
        return backend.name().equals(Device.CUDA.key()) ? device(backend) : host();
    }

    private static double host() {
        int parts = Runtime.getRuntime().availableProcessors();
        float[] from = new float[NUMBERS];
        float[] to = new float[NUMBERS];
        Arrays.fill(from, 1); // so that its pages are there
        double seconds = seconds(() -> IntStream.range(0, parts).parallel().forEach(k -> {
            int start = (int) ((long) NUMBERS * k / parts);
            int end = (int) ((long) NUMBERS * (k + 1) / parts);
            System.arraycopy(from, start, to, start, end - start);
        }));
        if (to[NUMBERS - 1] != 1) {
            throw new IllegalStateException("the copy was not made");
        }
        return 2.0 * Float.BYTES * NUMBERS / seconds;
    }

    private static double device(MatrixBackend backend) {
        float[] ones = new float[DEVICE_ORDER * DEVICE_ORDER];
        Arrays.fill(ones, 1);
        Matrix numbers = Matrix.of(ones, DEVICE_ORDER, DEVICE_ORDER);
        try (BackendMatrix from = backend.copyOf(numbers, backend.precision());
                BackendMatrix to = backend.zeros(DEVICE_ORDER, DEVICE_ORDER)) {
            double seconds = seconds(() -> {
                backend.upload(from, to);
                backend.finish();
            });
            return 2.0 * backend.precision().bytes() * DEVICE_ORDER * DEVICE_ORDER / seconds;
        }
    }

    private static double seconds(Runnable copy) {
        double[] seconds = new double[WARM_UP + REPEATS];
        for (int k = 0; k < seconds.length; k++) {
            long start = System.nanoTime();
            copy.run();
            seconds[k] = (System.nanoTime() - start) / 1e9;
        }
        return Sgemm.median(Arrays.copyOfRange(seconds, WARM_UP, seconds.length));
    }
}
