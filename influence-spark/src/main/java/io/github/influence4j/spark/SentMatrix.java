package io.github.influence4j.spark;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/** A matrix on the heap in blocks of rows, none of which is larger than a record of Spark's may be. Immutable. */
final class SentMatrix implements Matrix, Serializable {

    private static final long serialVersionUID = 1;

    /** Bytes of a block: a quarter of what Kryo takes by default, and far from the 2 GiB of an array. */
    static final int BLOCK_BYTES = 16 << 20;

    private final int rows;
    private final int columns;
    private final int each;
    private final ArrayList<double[]> doubles;
    private final ArrayList<float[]> floats;

    private SentMatrix(int rows, int columns, int each, List<double[]> doubles, List<float[]> floats) {
        this.rows = rows;
        this.columns = columns;
        this.each = each;
        this.doubles = new ArrayList<>(doubles);
        this.floats = new ArrayList<>(floats);
    }

    /** How many rows a block has. */
    static int rowsOfBlock(int columns, Precision precision) {
        return Math.max(1, BLOCK_BYTES / precision.bytes() / columns);
    }

    /** Copies a matrix. */
    static SentMatrix of(Matrix matrix) {
        int rows = matrix.rows();
        int columns = matrix.columns();
        int each = rowsOfBlock(columns, matrix.precision());
        List<double[]> doubles = new ArrayList<>();
        List<float[]> floats = new ArrayList<>();
        for (int first = 0; first < rows; first += each) {
            int count = Math.min(each, rows - first);
            if (matrix.precision() == Precision.FLOAT64) {
                double[] block = new double[count * columns];
                matrix.read(first, count, block, 0);
                doubles.add(block);
            } else {
                float[] block = new float[count * columns];
                matrix.read(first, count, block, 0);
                floats.add(block);
            }
        }
        return new SentMatrix(rows, columns, each, doubles, floats);
    }

    /** Takes blocks of a float64 matrix over, in the order of their rows. */
    static SentMatrix of(int columns, List<double[]> blocks) {
        int rows = blocks.stream().mapToInt(block -> block.length / columns).sum();
        return new SentMatrix(rows, columns, blocks.get(0).length / columns, blocks, List.of());
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int columns() {
        return columns;
    }

    @Override
    public Precision precision() {
        return floats.isEmpty() ? Precision.FLOAT64 : Precision.FLOAT32;
    }

    @Override
    public boolean allowsConcurrentReads() {
        return true;
    }

    @Override
    public void read(int firstRow, int rowCount, float[] target, int offset) {
        for (int row = firstRow; row < firstRow + rowCount; ) {
            int count = Math.min(firstRow + rowCount - row, each - row % each);
            block(row / each).read(row % each, count, target, offset + (row - firstRow) * columns);
            row += count;
        }
    }

    @Override
    public void read(int firstRow, int rowCount, double[] target, int offset) {
        for (int row = firstRow; row < firstRow + rowCount; ) {
            int count = Math.min(firstRow + rowCount - row, each - row % each);
            block(row / each).read(row % each, count, target, offset + (row - firstRow) * columns);
            row += count;
        }
    }

    private Matrix block(int index) {
        if (precision() == Precision.FLOAT64) {
            double[] block = doubles.get(index);
            return Matrix.of(block, block.length / columns, columns);
        }
        float[] block = floats.get(index);
        return Matrix.of(block, block.length / columns, columns);
    }
}
