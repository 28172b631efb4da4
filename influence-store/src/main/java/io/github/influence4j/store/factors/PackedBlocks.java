package io.github.influence4j.store.factors;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import java.util.Arrays;

/**
 * The blocks of a block-diagonal matrix one below the other, [n, largest block], each row of a smaller block with zeros behind it: what
 * is outside the blocks takes no room in files.
 */
record PackedBlocks(BlockDiagonal whole) implements DerivedMatrix {

    /** Numbers in a row, where n coordinates are cut into blocks. */
    static int columns(int order, int blocks) {
        return BlockDiagonal.sizes(order, blocks)[0];
    }

    @Override
    public int rows() {
        return whole.rows();
    }

    @Override
    public int columns() {
        return whole.blocks().stream().mapToInt(Matrix::rows).max().orElseThrow();
    }

    @Override
    public Precision precision() {
        return whole.precision();
    }

    /** One read for each block, wherever it lies. */
    @Override
    public void read(int firstRow, int rowCount, double[] target, int offset) {
        int columns = columns();
        Arrays.fill(target, offset, offset + rowCount * columns, 0);
        int start = 0;
        for (Matrix block : whole.blocks()) {
            int size = block.rows();
            int first = Math.max(firstRow, start);
            int end = Math.min(firstRow + rowCount, start + size);
            if (first < end) {
                double[] rows = new double[(end - first) * size];
                block.read(first - start, end - first, rows, 0);
                for (int r = first; r < end; r++) {
                    System.arraycopy(rows, (r - first) * size, target, offset + (r - firstRow) * columns, size);
                }
            }
            start += size;
        }
    }
}
