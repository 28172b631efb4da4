package io.github.influence4j.adapter;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import java.util.Objects;

/** A float32 matrix whose rows are computed when they are read. */
abstract class ComputedRows implements Matrix {

    private final int rows;
    private final int columns;

    ComputedRows(int rows, int columns) {
        this.rows = rows;
        this.columns = columns;
    }

    /** Writes rows, packed. The range has been checked. */
    abstract void fill(int firstRow, int rowCount, float[] target, int offset);

    @Override
    public final int rows() {
        return rows;
    }

    @Override
    public final int columns() {
        return columns;
    }

    @Override
    public final Precision precision() {
        return Precision.FLOAT32;
    }

    @Override
    public final void read(int firstRow, int rowCount, float[] target, int offset) {
        Objects.checkFromIndexSize(firstRow, rowCount, rows);
        Objects.checkFromIndexSize(offset, Math.multiplyExact(rowCount, columns), target.length);
        fill(firstRow, rowCount, target, offset);
    }

    @Override
    public final void read(int firstRow, int rowCount, double[] target, int offset) {
        float[] row = new float[columns];
        Objects.checkFromIndexSize(firstRow, rowCount, rows);
        Objects.checkFromIndexSize(offset, Math.multiplyExact(rowCount, columns), target.length);
        for (int r = 0; r < rowCount; r++) {
            fill(firstRow + r, 1, row, 0);
            for (int c = 0; c < columns; c++) {
                target[offset + r * columns + c] = row[c];
            }
        }
    }
}
