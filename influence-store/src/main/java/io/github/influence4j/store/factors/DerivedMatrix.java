package io.github.influence4j.store.factors;

import io.github.influence4j.api.Matrix;

/** A matrix that is computed in float64 when it is read. */
interface DerivedMatrix extends Matrix {

    @Override
    default void read(int firstRow, int rowCount, float[] target, int offset) {
        double[] exact = new double[rowCount * columns()];
        read(firstRow, rowCount, exact, 0);
        for (int k = 0; k < exact.length; k++) {
            target[offset + k] = (float) exact[k];
        }
    }
}
