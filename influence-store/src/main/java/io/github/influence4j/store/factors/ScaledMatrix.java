package io.github.influence4j.store.factors;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;

/** A matrix times a number. */
record ScaledMatrix(Matrix matrix, double factor) implements DerivedMatrix {

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
        return Precision.FLOAT64;
    }

    @Override
    public void read(int firstRow, int rowCount, double[] target, int offset) {
        matrix.read(firstRow, rowCount, target, offset);
        for (int k = offset; k < offset + rowCount * columns(); k++) {
            target[k] *= factor;
        }
    }
}
