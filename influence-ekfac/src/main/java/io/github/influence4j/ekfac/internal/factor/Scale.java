package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.Rows;

/**
 * Powers of two by which float32 numbers are multiplied, so that products of four of them stay in range. They are taken out again, in
 * float64, when a sum is complete or a score is read: multiplying by a power of two rounds nothing, so numbers that need no scale give
 * the same bits with one.
 */
public final class Scale {

    private static final int LEAST = -20;
    private static final int MOST = 16;

    private Scale() {}

    /**
     * Returns the exponent for numbers of a magnitude.
     *
     * @param largest largest magnitude of the numbers
     * @return e, so that largest · 2^e is from 1 to 2; 0 where the numbers can stay as they are, are all 0 or are not finite
     */
    public static int exponent(double largest) {
        if (largest == 0 || !Double.isFinite(largest)) {
            return 0;
        }
        int exponent = Math.getExponent(largest);
        // a subnormal number has its exponent in its digits
        int exact = exponent < Double.MIN_EXPONENT ? Math.getExponent(largest * 0x1p100) - 100 : exponent;
        return exact >= LEAST && exact <= MOST ? 0 : -exact;
    }

    /**
     * Multiplies numbers by 2^e.
     *
     * @param numbers the numbers; changed
     * @param count how many of them
     * @param exponent e
     */
    public static void multiply(double[] numbers, int count, int exponent) {
        for (int k = 0; exponent != 0 && k < count; k++) {
            numbers[k] = Math.scalb(numbers[k], exponent);
        }
    }

    /**
     * Returns the exponent of a matrix that goes into a working precision.
     *
     * @param precision the working precision
     * @param matrix the numbers
     * @return that of {@link #exponent(double)} for float32; 0 for float64, whose range is wide enough
     */
    public static int exponent(Precision precision, Matrix matrix) {
        if (precision == Precision.FLOAT64) {
            return 0;
        }
        int columns = matrix.columns();
        double[] largest = {0};
        Rows.forEach(matrix, (r, numbers, offset) -> {
            for (int k = offset; k < offset + columns; k++) {
                largest[0] = Math.max(largest[0], Math.abs(numbers[k]));
            }
        });
        return exponent(largest[0]);
    }

    /**
     * Multiplies a matrix by 2^e.
     *
     * @param matrix the numbers
     * @param exponent e
     * @return the matrix itself where e is 0, else a copy in float64
     */
    public static Matrix times(Matrix matrix, int exponent) {
        if (exponent == 0) {
            return matrix;
        }
        double[][] rows = matrix.toArray();
        for (double[] row : rows) {
            multiply(row, row.length, exponent);
        }
        return Matrix.of(rows);
    }
}
