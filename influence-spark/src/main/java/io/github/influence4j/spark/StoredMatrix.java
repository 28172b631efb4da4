package io.github.influence4j.spark;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;

/**
 * A matrix in a file in the place of one in memory, for what only reads it row by row.
 *
 * @param numbers the numbers, as long as their file is open
 */
record StoredMatrix(Matrix numbers) implements BackendMatrix {

    @Override
    public int rows() {
        return numbers.rows();
    }

    @Override
    public int columns() {
        return numbers.columns();
    }

    @Override
    public Precision precision() {
        return numbers.precision();
    }

    @Override
    public int stride() {
        return columns();
    }

    @Override
    public void read(int firstRow, int rowCount, float[] target, int offset) {
        numbers.read(firstRow, rowCount, target, offset);
    }

    @Override
    public void read(int firstRow, int rowCount, double[] target, int offset) {
        numbers.read(firstRow, rowCount, target, offset);
    }

    @Override
    public boolean allowsConcurrentReads() {
        return numbers.allowsConcurrentReads();
    }

    @Override
    public BackendMatrix view(int firstRow, int rowCount, int firstColumn, int columnCount) {
        throw new UnsupportedOperationException("a matrix in a file is read by rows only");
    }

    @Override
    public BackendMatrix reshape(int newRows, int newColumns) {
        throw new UnsupportedOperationException("a matrix in a file is read by rows only");
    }

    @Override
    public void close() {
        // whoever opened the file closes it
    }
}
