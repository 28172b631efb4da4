package io.github.influence4j.linalg.conformance;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;

/** A matrix of a backend that nobody knows. */
record ForeignMatrix(Matrix numbers) implements BackendMatrix {

    @Override
    public int rows() {
        return numbers.rows();
    }

    @Override
    public int columns() {
        return numbers.columns();
    }

    @Override
    public int stride() {
        return numbers.columns();
    }

    @Override
    public Precision precision() {
        return numbers.precision();
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
    public BackendMatrix view(int firstRow, int rowCount, int firstColumn, int columnCount) {
        throw new UnsupportedOperationException("nobody should want a part of this");
    }

    @Override
    public BackendMatrix reshape(int newRows, int newColumns) {
        throw new UnsupportedOperationException("nobody should want another shape of this");
    }

    @Override
    public void close() {}

    @Override
    public String toString() {
        return "an abacus of " + rows() + " x " + columns();
    }
}
