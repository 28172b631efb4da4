package io.github.influence4j.store.factors;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import java.util.function.Consumer;

/** Some columns of some rows of a matrix, each whole row of which is looked at, and perhaps changed, when it is read. */
record CheckedRows(Matrix source, int firstRow, int rows, int firstColumn, int columns, Consumer<double[]> check)
        implements DerivedMatrix {

    @Override
    public Precision precision() {
        return Precision.FLOAT64;
    }

    @Override
    public void read(int first, int count, double[] target, int offset) {
        double[] row = new double[source.columns()];
        for (int r = 0; r < count; r++) {
            source.read(firstRow + first + r, 1, row, 0);
            check.accept(row);
            System.arraycopy(row, firstColumn, target, offset + r * columns, columns);
        }
    }
}
