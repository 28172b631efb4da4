package io.github.influence4j.api;

import java.util.Objects;
import java.util.function.IntUnaryOperator;

/** Views of Java arrays of rows. */
abstract class RowsMatrix implements Matrix {

    private final int rows;
    private final int columns;

    RowsMatrix(int rows, IntUnaryOperator length) {
        this.rows = rows;
        this.columns = rows == 0 ? 0 : length.applyAsInt(0);
        for (int r = 1; r < rows; r++) {
            if (length.applyAsInt(r) != columns) {
                throw new IllegalArgumentException(
                        "row " + r + " has " + length.applyAsInt(r) + " numbers, row 0 has " + columns);
            }
        }
    }

    @Override
    public final int rows() {
        return rows;
    }

    @Override
    public final int columns() {
        return columns;
    }

    @Override
    public final boolean allowsConcurrentReads() {
        return true;
    }

    @Override
    public String toString() {
        return precision() + " matrix " + rows + " x " + columns;
    }

    static final class OfDouble extends RowsMatrix {
        private final double[][] data;

        OfDouble(double[][] data) {
            super(data.length, r -> data[r].length);
            this.data = data;
        }

        @Override
        public Precision precision() {
            return Precision.FLOAT64;
        }

        @Override
        public void read(int firstRow, int rowCount, float[] target, int offset) {
            Objects.checkFromIndexSize(firstRow, rowCount, rows());
            Objects.checkFromIndexSize(offset, rowCount * columns(), target.length);
            for (int r = 0, k = offset; r < rowCount; r++) {
                for (double value : data[firstRow + r]) {
                    target[k++] = (float) value;
                }
            }
        }

        @Override
        public void read(int firstRow, int rowCount, double[] target, int offset) {
            Objects.checkFromIndexSize(firstRow, rowCount, rows());
            for (int r = 0; r < rowCount; r++) {
                System.arraycopy(data[firstRow + r], 0, target, offset + r * columns(), columns());
            }
        }
    }

    static final class OfFloat extends RowsMatrix {
        private final float[][] data;

        OfFloat(float[][] data) {
            super(data.length, r -> data[r].length);
            this.data = data;
        }

        @Override
        public Precision precision() {
            return Precision.FLOAT32;
        }

        @Override
        public void read(int firstRow, int rowCount, float[] target, int offset) {
            Objects.checkFromIndexSize(firstRow, rowCount, rows());
            for (int r = 0; r < rowCount; r++) {
                System.arraycopy(data[firstRow + r], 0, target, offset + r * columns(), columns());
            }
        }

        @Override
        public void read(int firstRow, int rowCount, double[] target, int offset) {
            Objects.checkFromIndexSize(firstRow, rowCount, rows());
            Objects.checkFromIndexSize(offset, rowCount * columns(), target.length);
            for (int r = 0, k = offset; r < rowCount; r++) {
                for (float value : data[firstRow + r]) {
                    target[k++] = value;
                }
            }
        }
    }
}
