package io.github.influence4j.testkit;

import io.github.influence4j.api.Matrix;
import org.junit.jupiter.api.Assertions;

/** Assertions about matrices whose failures say where, by how much, and what both sides were. */
public final class MatrixAssert {

    private MatrixAssert() {}

    /**
     * Asserts that two matrices are equal but for a small error.
     *
     * @param expected what is right
     * @param actual what was computed
     * @param tolerance largest allowed difference, relative to the largest magnitude in {@code expected}
     * @param what names the matrix in a failure
     */
    public static void assertClose(Matrix expected, Matrix actual, double tolerance, String what) {
        assertClose(expected.toArray(), actual.toArray(), tolerance, what);
    }

    /**
     * Asserts that two arrays of rows are equal but for a small error.
     *
     * @param expected what is right
     * @param actual what was computed
     * @param tolerance largest allowed difference, relative to the largest magnitude in {@code expected}
     * @param what names the matrix in a failure
     */
    public static void assertClose(double[][] expected, double[][] actual, double tolerance, String what) {
        Assertions.assertEquals(expected.length, actual.length, () -> what + ": number of rows");
        double scale = 0;
        for (double[] row : expected) {
            for (double value : row) {
                scale = Math.max(scale, Math.abs(value));
            }
        }
        double bound = tolerance * scale;
        for (int r = 0; r < expected.length; r++) {
            int row = r;
            Assertions.assertEquals(
                    expected[r].length, actual[r].length, () -> what + ": number of columns in row " + row);
            for (int c = 0; c < expected[r].length; c++) {
                double difference = Math.abs(expected[r][c] - actual[r][c]);
                // written so that NaN fails
                if (!(difference <= bound)) {
                    Assertions.fail(what + "[" + r + "][" + c + "]: expected " + expected[r][c] + ", found "
                            + actual[r][c] + ", off by " + difference / scale + " of the largest magnitude " + scale
                            + ", allowed " + tolerance);
                }
            }
        }
    }

    /**
     * Asserts that two vectors are equal but for a small error.
     *
     * @param expected what is right
     * @param actual what was computed
     * @param tolerance largest allowed difference, relative to the largest magnitude in {@code expected}
     * @param what names the vector in a failure
     */
    public static void assertClose(double[] expected, double[] actual, double tolerance, String what) {
        assertClose(new double[][] {expected}, new double[][] {actual}, tolerance, what);
    }
}
