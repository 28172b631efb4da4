package io.github.influence4j.index.internal.whiten;

/**
 * What the rotated gradients of a layer are multiplied with, number by number.
 *
 * @param values √(1/(Λ+λ)), [o, i] row-major, up to a factor that is given with the gradients
 * @param least the least that is not 0; the largest number of all where all are 0
 * @param largest the largest
 */
@SuppressWarnings("ArrayRecordComponent") // handed through, never compared
record Roots(float[] values, float least, float largest) {

    /** Numbers that are multiplied before they are looked at: 8 KiB, which stay in the nearest cache. */
    private static final int PIECE = 1 << 11;

    static Roots of(float[] values) {
        float least = Float.MAX_VALUE;
        float largest = 0;
        for (float value : values) {
            least = value == 0 ? least : Math.min(least, value);
            largest = Math.max(largest, value);
        }
        return new Roots(values, least, largest);
    }

    /**
     * Writes factor · gradient · root, rounded once.
     *
     * @param gradients hold the gradient
     * @param from where it begins
     * @param factor of all of them, which may be none of float32
     * @param root index of the first root
     * @param width how many numbers
     * @param rows receive the products
     * @param to where
     * @return whether all of them are finite
     */
    boolean multiply(float[] gradients, int from, double factor, int root, int width, float[] rows, int to) {
        return isExact(factor)
                ? multiplyInFloat32(gradients, from, (float) factor, root, width, rows, to)
                : multiplyInFloat64(gradients, from, factor, root, width, rows, to);
    }

    /** Whether root · factor is exact in float32: the factor is a power of two, and no product is too small or too large. */
    boolean isExact(double factor) {
        int exponent = Math.getExponent(factor);
        return factor == Math.scalb(1.0, exponent)
                && exponent >= Float.MIN_EXPONENT
                && exponent <= Float.MAX_EXPONENT
                && least * factor >= Float.MIN_NORMAL
                && largest * factor <= Float.MAX_VALUE;
    }

    private boolean multiplyInFloat64(
            float[] gradients, int from, double factor, int root, int width, float[] rows, int to) {
        for (int k = 0; k < width; k++) {
            // three factors of at most 24 bits, of which one is a power of two or of its root: rounded to float32
            // afterwards
            rows[to + k] = (float) (factor * gradients[from + k] * values[root + k]);
        }
        return zeros(rows, to, to + width) == 0;
    }

    /** The same bits: the first product is exact, the second is rounded as that of float64 is. The compiler makes vector instructions of it. */
    private boolean multiplyInFloat32(
            float[] gradients, int from, float factor, int root, int width, float[] rows, int to) {
        float zeros = 0;
        for (int start = 0; start < width; start += PIECE) {
            int end = Math.min(width, start + PIECE);
            for (int k = start; k < end; k++) {
                rows[to + k] = gradients[from + k] * (values[root + k] * factor);
            }
            zeros += zeros(rows, to + start, to + end);
        }
        return zeros == 0;
    }

    /** 0 times the sum of some numbers, which is not 0 if one is not finite; in four sums that do not wait for each other. */
    private static float zeros(float[] rows, int from, int to) {
        float zeros0 = 0;
        float zeros1 = 0;
        float zeros2 = 0;
        float zeros3 = 0;
        int k = from;
        for (; k + 3 < to; k += 4) {
            zeros0 += 0 * rows[k];
            zeros1 += 0 * rows[k + 1];
            zeros2 += 0 * rows[k + 2];
            zeros3 += 0 * rows[k + 3];
        }
        for (; k < to; k++) {
            zeros0 += 0 * rows[k];
        }
        return zeros0 + zeros1 + (zeros2 + zeros3);
    }
}
