package io.github.influence4j.linalg;

import io.github.influence4j.api.Precision;
import java.util.concurrent.atomic.AtomicBoolean;

/** Looks for numbers that are not finite; for implementers of {@link MatrixBackend}. */
public final class FiniteCheck {

    /** Numbers from which several cores look: some 30 µs of work for one. */
    private static final int SHARED_NUMBERS = 1 << 17;

    /** Numbers that are copied and compared at a time, in a first-level cache. */
    private static final int RUN = 1024;

    private FiniteCheck() {}

    /**
     * Tells whether the first numbers of an array are finite.
     *
     * @param numbers the array
     * @param count how many of it
     * @return false if one is infinite or not a number
     */
    public static boolean finite(float[] numbers, int count) {
        // 0 · x is 0 for finite x and NaN otherwise; eight sums, so that no addition waits for the one before it
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        int k = 0;
        for (; k + 7 < count; k += 8) {
            s0 += 0 * numbers[k];
            s1 += 0 * numbers[k + 1];
            s2 += 0 * numbers[k + 2];
            s3 += 0 * numbers[k + 3];
            s4 += 0 * numbers[k + 4];
            s5 += 0 * numbers[k + 5];
            s6 += 0 * numbers[k + 6];
            s7 += 0 * numbers[k + 7];
        }
        for (; k < count; k++) {
            s0 += 0 * numbers[k];
        }
        return s0 + s1 + (s2 + s3) + (s4 + s5 + (s6 + s7)) == 0;
    }

    /**
     * Tells whether the first numbers of an array are finite.
     *
     * @param numbers the array
     * @param count how many of it
     * @return false if one is infinite or not a number
     */
    public static boolean finite(double[] numbers, int count) {
        // 0 · x is 0 for finite x and NaN otherwise; eight sums, so that no addition waits for the one before it
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        double s4 = 0;
        double s5 = 0;
        double s6 = 0;
        double s7 = 0;
        int k = 0;
        for (; k + 7 < count; k += 8) {
            s0 += 0 * numbers[k];
            s1 += 0 * numbers[k + 1];
            s2 += 0 * numbers[k + 2];
            s3 += 0 * numbers[k + 3];
            s4 += 0 * numbers[k + 4];
            s5 += 0 * numbers[k + 5];
            s6 += 0 * numbers[k + 6];
            s7 += 0 * numbers[k + 7];
        }
        for (; k < count; k++) {
            s0 += 0 * numbers[k];
        }
        return s0 + s1 + (s2 + s3) + (s4 + s5 + (s6 + s7)) == 0;
    }

    /**
     * Returns the largest magnitude of the first numbers of an array.
     *
     * @param numbers the array
     * @param count how many of it
     * @return infinite or not a number where one of them is
     */
    public static float largest(float[] numbers, int count) {
        return count <= RUN ? largestInTurn(numbers, count) : largestInTurn(largestOfRuns(numbers, count), RUN);
    }

    /** The largest magnitudes at each place of a run: the compiler vectorises loops over arrays from their start. */
    private static float[] largestOfRuns(float[] numbers, int count) {
        float[] most = new float[RUN];
        float[] run = new float[RUN];
        for (int first = 0; first < count; first += RUN) {
            int length = Math.min(RUN, count - first);
            System.arraycopy(numbers, first, run, 0, length);
            for (int k = 0; k < length; k++) {
                most[k] = Math.max(most[k], Math.abs(run[k]));
            }
        }
        return most;
    }

    private static float largestInTurn(float[] numbers, int count) {
        // bits of magnitudes are in the order of the numbers, with NaN above all; four maxima, so that none waits
        int m0 = 0;
        int m1 = 0;
        int m2 = 0;
        int m3 = 0;
        int k = 0;
        for (; k + 3 < count; k += 4) {
            m0 = Math.max(m0, magnitude(numbers[k]));
            m1 = Math.max(m1, magnitude(numbers[k + 1]));
            m2 = Math.max(m2, magnitude(numbers[k + 2]));
            m3 = Math.max(m3, magnitude(numbers[k + 3]));
        }
        for (; k < count; k++) {
            m0 = Math.max(m0, magnitude(numbers[k]));
        }
        return Float.intBitsToFloat(Math.max(Math.max(m0, m1), Math.max(m2, m3)));
    }

    private static int magnitude(float number) {
        return Float.floatToRawIntBits(number) & 0x7fffffff;
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
