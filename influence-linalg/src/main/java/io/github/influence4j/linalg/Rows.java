package io.github.influence4j.linalg;

import io.github.influence4j.api.Matrix;

/** Reads matrices row by row in few transfers: on a card each costs as much as thousands of numbers. */
public final class Rows {

    /** Numbers of one transfer, 2 MiB, but for a single row. */
    private static final int TRANSFERRED = 1 << 18;

    private Rows() {}

    /** Takes a row. */
    @FunctionalInterface
    public interface Visitor {

        /**
         * Takes a row.
         *
         * @param row its index
         * @param numbers holds it, and may be changed
         * @param offset index in {@code numbers} of its first number
         */
        void visit(int row, double[] numbers, int offset);
    }

    /**
     * Visits all rows in order.
     *
     * @param matrix any matrix
     * @param visitor takes each
     */
    public static void forEach(Matrix matrix, Visitor visitor) {
        int columns = matrix.columns();
        int step = Math.max(1, Math.min(matrix.rows(), TRANSFERRED / Math.max(1, columns)));
        double[] numbers = new double[Math.multiplyExact(step, columns)];
        for (int first = 0; first < matrix.rows(); first += step) {
            int count = Math.min(step, matrix.rows() - first);
            matrix.read(first, count, numbers, 0);
            for (int r = 0; r < count; r++) {
                visitor.visit(first + r, numbers, r * columns);
            }
        }
    }
}
