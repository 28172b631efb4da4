package io.github.influence4j.api;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.Objects;

/** Strided views of NIO buffers, heap or direct. */
abstract class BufferMatrix implements Matrix {

    private final int rows;
    private final int columns;
    private final int stride;

    BufferMatrix(int rows, int columns, int stride, int capacity) {
        if (rows < 0 || columns < 0) {
            throw new IllegalArgumentException("a matrix cannot be " + rows + " x " + columns);
        }
        if (stride < columns) {
            throw new IllegalArgumentException("stride " + stride + " is less than the " + columns + " columns");
        }
        long needed = rows == 0 ? 0 : (long) (rows - 1) * stride + columns;
        if (capacity < needed) {
            throw new IllegalArgumentException(rows + " x " + columns + " with stride " + stride + " needs " + needed
                    + " numbers, found " + capacity);
        }
        this.rows = rows;
        this.columns = columns;
        this.stride = stride;
    }

    @Override
    public final int rows() {
        return rows;
    }

    @Override
    public final int columns() {
        return columns;
    }

    /** Index in the buffer of the first number of {@code row}. */
    final int start(int row) {
        return row * stride;
    }

    final boolean packed() {
        return stride == columns;
    }

    @Override
    public final boolean allowsConcurrentReads() {
        return true;
    }

    @Override
    public String toString() {
        return precision() + " matrix " + rows + " x " + columns;
    }

    static final class OfFloat extends BufferMatrix {
        private final FloatBuffer data;

        OfFloat(FloatBuffer data, int rows, int columns, int stride) {
            super(rows, columns, stride, data.limit());
            this.data = data.duplicate();
        }

        @Override
        public Precision precision() {
            return Precision.FLOAT32;
        }

        @Override
        public void read(int firstRow, int rowCount, float[] target, int offset) {
            Objects.checkFromIndexSize(firstRow, rowCount, rows());
            Objects.checkFromIndexSize(offset, rowCount * columns(), target.length);
            if (packed()) {
                data.get(start(firstRow), target, offset, rowCount * columns());
                return;
            }
            for (int r = 0; r < rowCount; r++) {
                data.get(start(firstRow + r), target, offset + r * columns(), columns());
            }
        }

        @Override
        public void read(int firstRow, int rowCount, double[] target, int offset) {
            Objects.checkFromIndexSize(firstRow, rowCount, rows());
            Objects.checkFromIndexSize(offset, rowCount * columns(), target.length);
            for (int r = 0, k = offset; r < rowCount; r++) {
                int start = start(firstRow + r);
                for (int c = 0; c < columns(); c++) {
                    target[k++] = data.get(start + c);
                }
            }
        }
    }

    static final class OfDouble extends BufferMatrix {
        private final DoubleBuffer data;

        OfDouble(DoubleBuffer data, int rows, int columns, int stride) {
            super(rows, columns, stride, data.limit());
            this.data = data.duplicate();
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
                int start = start(firstRow + r);
                for (int c = 0; c < columns(); c++) {
                    target[k++] = (float) data.get(start + c);
                }
            }
        }

        @Override
        public void read(int firstRow, int rowCount, double[] target, int offset) {
            Objects.checkFromIndexSize(firstRow, rowCount, rows());
            Objects.checkFromIndexSize(offset, rowCount * columns(), target.length);
            if (packed()) {
                data.get(start(firstRow), target, offset, rowCount * columns());
                return;
            }
            for (int r = 0; r < rowCount; r++) {
                data.get(start(firstRow + r), target, offset + r * columns(), columns());
            }
        }
    }
}
