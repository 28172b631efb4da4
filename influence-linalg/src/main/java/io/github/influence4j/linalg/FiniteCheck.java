package io.github.influence4j.linalg;

import io.github.influence4j.api.Precision;
import java.util.concurrent.atomic.AtomicBoolean;

/** Looks for numbers that are not finite; for implementers of {@link MatrixBackend}. */
public final class FiniteCheck {

    /** Numbers from which several cores look: some 30 µs of work for one. */
    private static final int SHARED_NUMBERS = 1 << 17;

    private FiniteCheck() {}

    /**
     * Tells whether the first numbers of an array are finite.
     *
     * @param numbers the array
     * @param count how many of it
     * @return false if one is infinite or not a number
     */
    public static boolean finite(float[] numbers, int count) {
        // 0 · x is 0 for finite x and NaN otherwise; four sums, so that one addition need not wait for the one before
        // it
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        int k = 0;
        for (; k + 3 < count; k += 4) {
            s0 += 0 * numbers[k];
            s1 += 0 * numbers[k + 1];
            s2 += 0 * numbers[k + 2];
            s3 += 0 * numbers[k + 3];
        }
        for (; k < count; k++) {
            s0 += 0 * numbers[k];
        }
        return s0 + s1 + (s2 + s3) == 0;
    }

    /**
     * Tells whether the first numbers of an array are finite.
     *
     * @param numbers the array
     * @param count how many of it
     * @return false if one is infinite or not a number
     */
    public static boolean finite(double[] numbers, int count) {
        double sum = 0;
        for (int k = 0; k < count; k++) {
            sum += 0 * numbers[k];
        }
        return sum == 0;
    }

    /** Reads a matrix to the host, some rows at a time, by several cores where it is large. */
    static boolean finite(MatrixBackend backend, BackendMatrix matrix) {
        int rows = matrix.rows();
        boolean shared = (long) rows * matrix.columns() >= SHARED_NUMBERS;
        int tasks = shared ? Math.min(rows, backend.parallelism()) : 1;
        AtomicBoolean finite = new AtomicBoolean(true);
        backend.inParallel(tasks, task -> {
            int first = (int) ((long) rows * task / tasks);
            int end = (int) ((long) rows * (task + 1) / tasks);
            if (!finite(matrix.rows(first, end - first), backend.workSizes().transferred())) {
                finite.set(false);
            }
        });
        return finite.get();
    }

    private static boolean finite(BackendMatrix matrix, int numbers) {
        int step = Math.min(matrix.rows(), Math.max(1, numbers / matrix.columns()));
        boolean single = matrix.precision() == Precision.FLOAT32;
        float[] floats = new float[single ? step * matrix.columns() : 0];
        double[] doubles = new double[single ? 0 : step * matrix.columns()];
        for (int first = 0; first < matrix.rows(); first += step) {
            int count = Math.min(step, matrix.rows() - first);
            boolean finite;
            if (single) {
                matrix.read(first, count, floats, 0);
                finite = finite(floats, count * matrix.columns());
            } else {
                matrix.read(first, count, doubles, 0);
                finite = finite(doubles, count * matrix.columns());
            }
            if (!finite) {
                return false;
            }
        }
        return true;
    }
}
