package io.github.influence4j.lm.gguf;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.safetensors.FileReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/** A tensor whose rows are read and decoded where they are asked for. */
record GgufMatrix(FileReader reader, GgufTensor tensor, int rows, int columns) implements Matrix {

    @Override
    public Precision precision() {
        return Precision.FLOAT32;
    }

    @Override
    public boolean allowsConcurrentReads() {
        return true;
    }

    @Override
    public void read(int firstRow, int rowCount, float[] target, int offset) {
        Objects.checkFromIndexSize(firstRow, rowCount, rows);
        Objects.checkFromIndexSize(offset, Math.multiplyExact(rowCount, columns), target.length);
        GgufType type = tensor.type();
        ByteBuffer row = ByteBuffer.allocate(Math.toIntExact(tensor.rowBytes())).order(ByteOrder.LITTLE_ENDIAN);
        try {
            for (int r = 0; r < rowCount; r++) {
                reader.readFully(row.clear(), tensor.offset() + (firstRow + r) * tensor.rowBytes());
                for (int b = 0; b < columns / type.block(); b++) {
                    type.decode(row, b * type.bytes(), target, offset + r * columns + b * type.block());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void read(int firstRow, int rowCount, double[] target, int offset) {
        Objects.checkFromIndexSize(firstRow, rowCount, rows);
        Objects.checkFromIndexSize(offset, Math.multiplyExact(rowCount, columns), target.length);
        float[] row = new float[columns];
        for (int r = 0; r < rowCount; r++) {
            read(firstRow + r, 1, row, 0);
            for (int c = 0; c < columns; c++) {
                target[offset + r * columns + c] = row[c];
            }
        }
    }

    @Override
    public String toString() {
        return tensor.name() + " " + tensor.type() + " " + rows + " x " + columns;
    }
}
