package io.github.influence4j.store.factors;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import java.util.List;

/** Matrices of as many columns and one precision, one below the other. */
record StackedMatrix(List<Matrix> parts) implements DerivedMatrix {

    @Override
    public int rows() {
        return parts.stream().mapToInt(Matrix::rows).sum();
    }

    @Override
    public int columns() {
        return parts.get(0).columns();
    }

    @Override
    public Precision precision() {
        return parts.get(0).precision();
    }

    @Override
    public void read(int firstRow, int rowCount, double[] target, int offset) {
        int start = 0;
        for (Matrix part : parts) {
            int first = Math.max(firstRow, start);
            int end = Math.min(firstRow + rowCount, start + part.rows());
            if (first < end) {
                part.read(first - start, end - first, target, offset + (first - firstRow) * columns());
            }
            start += part.rows();
        }
    }
}
