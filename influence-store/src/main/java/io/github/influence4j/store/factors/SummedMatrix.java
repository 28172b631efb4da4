package io.github.influence4j.store.factors;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import java.util.List;

/** The sum of matrices of one shape. */
record SummedMatrix(List<Matrix> parts) implements DerivedMatrix {

    @Override
    public int rows() {
        return parts.get(0).rows();
    }

    @Override
    public int columns() {
        return parts.get(0).columns();
    }

    @Override
    public Precision precision() {
        return Precision.FLOAT64;
    }

    @Override
    public void read(int firstRow, int rowCount, double[] target, int offset) {
        parts.get(0).read(firstRow, rowCount, target, offset);
        double[] more = new double[rowCount * columns()];
        for (Matrix part : parts.subList(1, parts.size())) {
            part.read(firstRow, rowCount, more, 0);
            for (int k = 0; k < more.length; k++) {
                target[offset + k] += more[k];
            }
        }
    }
}
