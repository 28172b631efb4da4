package io.github.influence4j.index.internal.sketch;

/** The Walsh-Hadamard transform of a power of two of numbers, without a factor: every result is a sum of all with signs. */
final class Hadamard {

    private Hadamard() {}

    /**
     * Transforms numbers in place. Costs n log₂ n additions, and goes through the numbers once for every two steps of the logarithm.
     *
     * @param x holds the numbers
     * @param first index of the first
     * @param n how many, a power of two of at least 4
     */
    static void transform(float[] x, int first, int n) {
        int quarter = 1;
        for (; 4 * quarter <= n; quarter *= 4) {
            for (int start = first; start < first + n; start += 4 * quarter) {
                twoSteps(x, start, quarter);
            }
        }
        if (quarter < n) {
            lastStep(x, first, n / 2);
        }
    }

    private static void twoSteps(float[] x, int start, int quarter) {
        for (int k = start; k < start + quarter; k++) {
            float ab = x[k] + x[k + quarter];
            float aMinusB = x[k] - x[k + quarter];
            float cd = x[k + 2 * quarter] + x[k + 3 * quarter];
            float cMinusD = x[k + 2 * quarter] - x[k + 3 * quarter];
            x[k] = ab + cd;
            x[k + quarter] = aMinusB + cMinusD;
            x[k + 2 * quarter] = ab - cd;
            x[k + 3 * quarter] = aMinusB - cMinusD;
        }
    }

    private static void lastStep(float[] x, int start, int half) {
        for (int k = start; k < start + half; k++) {
            float a = x[k];
            float b = x[k + half];
            x[k] = a + b;
            x[k + half] = a - b;
        }
    }
}
