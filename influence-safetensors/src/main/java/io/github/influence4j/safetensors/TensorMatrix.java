package io.github.influence4j.safetensors;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import java.util.Objects;

/** Rows of a tensor in a file. */
record TensorMatrix(SafetensorsFile file, TensorSpec spec, long origin, int rows, int columns) implements Matrix {

    @Override
    public Precision precision() {
        return switch (spec.type()) {
            case F32, F16, BF16 -> Precision.FLOAT32;
            default -> Precision.FLOAT64;
        };
    }

    @Override
    public void read(int firstRow, int rowCount, float[] target, int offset) {
        file.read(spec.name(), first(firstRow, rowCount), Math.multiplyExact(rowCount, columns), target, offset);
    }

    @Override
    public void read(int firstRow, int rowCount, double[] target, int offset) {
        file.read(spec.name(), first(firstRow, rowCount), Math.multiplyExact(rowCount, columns), target, offset);
    }

    private long first(int firstRow, int rowCount) {
        Objects.checkFromIndexSize(firstRow, rowCount, rows);
        return (origin + firstRow) * columns;
    }

    @Override
    public String toString() {
        return spec.name() + " " + precision() + " " + rows + " x " + columns;
    }
}
