package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The diagonal blocks of a sum of outer products Σ_p x_p x_pᵀ.
 *
 * <p>Costs Σ_k n_k² flops a row (symmetric rank updates of the blocks' columns) and 8 Σ_k n_k² bytes, half as much again in
 * float32.
 */
final class BlockSum implements AutoCloseable {

    private final MatrixBackend backend;
    private final int[] sizes;
    private final List<RunningSum> sums = new ArrayList<>();

    BlockSum(MatrixBackend backend, int order, int blocks) {
        this.backend = backend;
        this.sizes = BlockDiagonal.sizes(order, blocks);
        try {
            for (int size : sizes) {
                sums.add(new RunningSum(backend, size, size));
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** Adds the outer products of rows, [m, n], that are 2^exponent times what they stand for. */
    void add(BackendMatrix rows, int exponent) {
        int offset = 0;
        for (int k = 0; k < sizes.length; k++) {
            BackendMatrix columns = rows.view(0, rows.rows(), offset, sizes[k]);
            sums.get(k)
                    .addRows(
                            rows.rows(),
                            2 * exponent,
                            (first, count, beta, sum) -> backend.rankUpdate(1, columns.rows(first, count), beta, sum));
            offset += sizes[k];
        }
    }

    /** Ends a part of the data; the blocks of the sum so far are called name/0, name/1, … */
    void settle(String name, Map<String, Matrix> kept) {
        for (int k = 0; k < sizes.length; k++) {
            kept.put(name + "/" + k, sums.get(k).settleSymmetric());
        }
    }

    /** Goes on where {@link #settle} ended. */
    void restore(String name, Function<String, Matrix> kept) {
        for (int k = 0; k < sizes.length; k++) {
            sums.get(k).restore(kept.apply(name + "/" + k));
        }
    }

    /** Divides by a count, hands the mean over and frees the sum. */
    BlockDiagonal releaseMean(long count) {
        List<BackendMatrix> means = new ArrayList<>();
        try {
            for (RunningSum sum : sums) {
                means.add(sum.releaseSymmetricMean(count));
            }
            return BlockDiagonal.of(means);
        } catch (RuntimeException | Error e) {
            means.forEach(BackendMatrix::close);
            throw e;
        }
    }

    @Override
    public void close() {
        sums.forEach(RunningSum::close);
    }
}
