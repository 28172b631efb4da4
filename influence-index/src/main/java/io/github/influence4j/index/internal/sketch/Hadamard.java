package io.github.influence4j.index.internal.sketch;

/** The Walsh-Hadamard transform of a power of two of numbers, without a factor: every result is a sum of all with signs. */
final class Hadamard {

    private Hadamard() {}

    /**
     * Transforms numbers in place. Costs n log₂ n additions.
     *
     * @param x holds the numbers
     * @param first index of the first
     * @param n how many, a power of two of at least 4
     */
    static void transform(float[] x, int first, int n) {
        for (int k = first; k < first + n; k += 4) {
            float ab = x[k] + x[k + 1];
            float cd = x[k + 2] + x[k + 3];
            float aMinusB = x[k] - x[k + 1];
            float cMinusD = x[k + 2] - x[k + 3];
            x[k] = ab + cd;
            x[k + 1] = aMinusB + cMinusD;
            x[k + 2] = ab - cd;
            x[k + 3] = aMinusB - cMinusD;
        }
        for (int half = 4; half < n; half *= 2) {
            for (int start = first; start < first + n; start += 2 * half) {
                butterflies(x, start, half);
            }
        }
    }

    private static void butterflies(float[] x, int start, int half) {
        for (int k = start; k < start + half; k++) {
            float a = x[k];
            float b = x[k + half];
            x[k] = a + b;
            x[k + half] = a - b;
        }
    }
}
