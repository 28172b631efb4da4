package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.Arrays;
import java.util.List;

/**
 * A square matrix that is zero outside square blocks along its diagonal: diag(B_1, …, B_O), each block on contiguous
 * coordinates. One block is an ordinary square matrix, at no cost.
 *
 * <p>Holds Σ_k n_k² numbers, n²/O where O divides n. As a {@link Matrix} it reads with its zeros. Owns its blocks. Immutable;
 * safe for use by several threads.
 *
 * <p>Source: Grosse et al. 2023, Appendix A, Eq. 33.
 */
public final class BlockDiagonal implements Matrix, AutoCloseable {

    private final List<BackendMatrix> blocks;
    private final int[] offsets;

    private BlockDiagonal(List<BackendMatrix> blocks, int[] offsets) {
        this.blocks = blocks;
        this.offsets = offsets;
    }

    /**
     * Takes blocks over.
     *
     * @param blocks B_k, [n_k, n_k], all of one precision; at least one
     * @return the matrix, which the caller closes
     * @throws IllegalArgumentException if there is no block or one is not square
     */
    public static BlockDiagonal of(List<? extends BackendMatrix> blocks) {
        if (blocks.isEmpty()) {
            throw new IllegalArgumentException("a block-diagonal matrix needs a block");
        }
        int[] offsets = new int[blocks.size() + 1];
        for (int k = 0; k < blocks.size(); k++) {
            BackendMatrix block = blocks.get(k);
            if (block.rows() != block.columns()) {
                throw new IllegalArgumentException(
                        "block " + k + " must be square, found " + block.rows() + " x " + block.columns());
            }
            offsets[k + 1] = offsets[k] + block.rows();
        }
        return new BlockDiagonal(List.copyOf(blocks), offsets);
    }

    /**
     * Cuts coordinates into contiguous blocks, as equal as possible: the first n mod O blocks are larger by one.
     *
     * @param order n, number of coordinates
     * @param blocks O; more than n count as n
     * @return n_1, …, n_O
     * @throws IllegalArgumentException if a number is not positive
     */
    public static int[] sizes(int order, int blocks) {
        if (order < 1 || blocks < 1) {
            throw new IllegalArgumentException(order + " coordinates cannot be cut into " + blocks + " blocks");
        }
        int[] sizes = new int[Math.min(order, blocks)];
        for (int k = 0; k < sizes.length; k++) {
            sizes[k] = order / sizes.length + (k < order % sizes.length ? 1 : 0);
        }
        return sizes;
    }

    /**
     * Counts the numbers that are held.
     *
     * @param order n
     * @param blocks O
     * @return Σ_k n_k²
     */
    public static long numbers(int order, int blocks) {
        return Arrays.stream(sizes(order, blocks)).mapToLong(n -> (long) n * n).sum();
    }

    /**
     * Returns the blocks.
     *
     * @return B_1, …, B_O, still owned by this matrix
     */
    public List<BackendMatrix> blocks() {
        return blocks;
    }

    /**
     * Computes X B, or X Bᵀ. Costs 2m Σ_k n_k² flops.
     *
     * @param backend where all matrices lie
     * @param rows X, [m, n]
     * @param transposed whether Bᵀ is meant
     * @param result [m, n]; must not overlap X
     */
    public void multiplyRows(MatrixBackend backend, BackendMatrix rows, boolean transposed, BackendMatrix result) {
        for (int k = 0; k < blocks.size(); k++) {
            BackendMatrix part = rows.view(0, rows.rows(), offsets[k], offsets[k + 1] - offsets[k]);
            BackendMatrix target = result.view(0, rows.rows(), offsets[k], offsets[k + 1] - offsets[k]);
            backend.multiply(Operand.of(part), new Operand(blocks.get(k), transposed, false), target);
        }
    }

    /**
     * Computes B Y_j, or Bᵀ Y_j, for every matrix Y_j of a stack. Costs 2c·m Σ_k n_k² flops.
     *
     * @param backend where all matrices lie
     * @param count c, number of matrices
     * @param stacked Y_j one under the other, [c·n, m]
     * @param transposed whether Bᵀ is meant
     * @param result [c·n, m]; must not overlap Y
     */
    public void multiplyStack(
            MatrixBackend backend, int count, BackendMatrix stacked, boolean transposed, BackendMatrix result) {
        if (blocks.size() == 1) {
            Operand shared = new Operand(blocks.get(0), transposed, true);
            backend.multiplyBatch(count, 1, shared, Operand.of(stacked), 0, result);
            return;
        }
        // the rows that meet one block lie apart from member to member, so no batch describes them
        for (int j = 0; j < count; j++) {
            for (int k = 0; k < blocks.size(); k++) {
                int first = j * rows() + offsets[k];
                int size = offsets[k + 1] - offsets[k];
                Operand block = new Operand(blocks.get(k), transposed, false);
                backend.multiply(block, Operand.of(stacked.rows(first, size)), result.rows(first, size));
            }
        }
    }

    @Override
    public int rows() {
        return offsets[blocks.size()];
    }

    @Override
    public int columns() {
        return rows();
    }

    @Override
    public Precision precision() {
        return blocks.get(0).precision();
    }

    @Override
    public void read(int firstRow, int rowCount, float[] target, int offset) {
        if (blocks.size() == 1) {
            blocks.get(0).read(firstRow, rowCount, target, offset);
            return;
        }
        Arrays.fill(target, offset, offset + rowCount * columns(), 0);
        spread(firstRow, rowCount, target, offset, (block, first, count) -> {
            float[] packed = new float[count * block.columns()];
            block.read(first, count, packed, 0);
            return packed;
        });
    }

    @Override
    public void read(int firstRow, int rowCount, double[] target, int offset) {
        if (blocks.size() == 1) {
            blocks.get(0).read(firstRow, rowCount, target, offset);
            return;
        }
        Arrays.fill(target, offset, offset + rowCount * columns(), 0);
        spread(firstRow, rowCount, target, offset, (block, first, count) -> {
            double[] packed = new double[count * block.columns()];
            block.read(first, count, packed, 0);
            return packed;
        });
    }

    /** Reads rows of a block into an array of its own. */
    private interface BlockRows {
        Object read(BackendMatrix block, int firstRow, int count);
    }

    /** One read for each block, wherever it lies. */
    private void spread(int firstRow, int rowCount, Object target, int offset, BlockRows rows) {
        int row = firstRow;
        while (row < firstRow + rowCount) {
            int start = offsets[blockOf(row)];
            BackendMatrix block = blocks.get(blockOf(row));
            int size = block.columns();
            int count = Math.min(firstRow + rowCount, start + size) - row;
            Object packed = rows.read(block, row - start, count);
            for (int r = 0; r < count; r++) {
                System.arraycopy(packed, r * size, target, offset + (row - firstRow + r) * columns() + start, size);
            }
            row += count;
        }
    }

    private int blockOf(int row) {
        if (row < 0 || row >= rows()) {
            throw new IndexOutOfBoundsException("row " + row + " of " + rows());
        }
        int found = Arrays.binarySearch(offsets, row);
        return found >= 0 ? found : -found - 2;
    }

    /**
     * Returns what the blocks keep in memory.
     *
     * @return bytes
     */
    public double heldBytes() {
        return blocks.stream()
                .mapToDouble(block -> (double) block.precision().bytes() * block.rows() * block.columns())
                .sum();
    }

    @Override
    public void close() {
        blocks.forEach(BackendMatrix::close);
    }

    @Override
    public String toString() {
        return blocks.size() + " diagonal blocks of " + rows() + " x " + rows();
    }
}
