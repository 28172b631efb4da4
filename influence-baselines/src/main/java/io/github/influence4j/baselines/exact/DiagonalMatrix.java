package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import java.util.Arrays;
import java.util.Objects;

/** A diagonal matrix that holds its diagonal only, to be uploaded as the start of a sum. */
final class DiagonalMatrix implements Matrix {

    private final double[] diagonal;

    DiagonalMatrix(double[] diagonal) {
        this.diagonal = diagonal;
    }

    /** c·I of the given order. */
    static DiagonalMatrix ofConstant(double c, int order) {
        double[] diagonal = new double[order];
        Arrays.fill(diagonal, c);
        return new DiagonalMatrix(diagonal);
    }

    @Override
    public int rows() {
        return diagonal.length;
    }

    @Override
    public int columns() {
        return diagonal.length;
    }

    @Override
    public Precision precision() {
        return Precision.FLOAT64;
    }

    @Override
    public void read(int firstRow, int rowCount, float[] target, int offset) {
        Objects.checkFromIndexSize(firstRow, rowCount, rows());
        Arrays.fill(target, offset, offset + rowCount * columns(), 0);
        for (int r = 0; r < rowCount; r++) {
            target[offset + r * columns() + firstRow + r] = (float) diagonal[firstRow + r];
        }
    }

    @Override
    public void read(int firstRow, int rowCount, double[] target, int offset) {
        Objects.checkFromIndexSize(firstRow, rowCount, rows());
        Arrays.fill(target, offset, offset + rowCount * columns(), 0);
        for (int r = 0; r < rowCount; r++) {
            target[offset + r * columns() + firstRow + r] = diagonal[firstRow + r];
        }
    }
}
