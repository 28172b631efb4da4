package io.github.influence4j.lm.checkpoint;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import java.util.function.IntUnaryOperator;

/** A matrix whose row r is another one's row from(r), which must be one of its rows. */
record ReorderedRows(Matrix matrix, IntUnaryOperator from) implements Matrix {

    @Override
    public int rows() {
        return matrix.rows();
    }

    @Override
    public int columns() {
        return matrix.columns();
    }

    @Override
    public Precision precision() {
        return matrix.precision();
    }

    @Override
    public boolean allowsConcurrentReads() {
        return matrix.allowsConcurrentReads();
    }

    @Override
    public void read(int firstRow, int rowCount, float[] target, int offset) {
        for (int r = 0; r < rowCount; r++) {
            matrix.read(from.applyAsInt(firstRow + r), 1, target, offset + r * columns());
        }
    }

    @Override
    public void read(int firstRow, int rowCount, double[] target, int offset) {
        for (int r = 0; r < rowCount; r++) {
            matrix.read(from.applyAsInt(firstRow + r), 1, target, offset + r * columns());
        }
    }
}
