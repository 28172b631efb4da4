package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.WorkSizes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The diagonal blocks of a sum of outer products Σ_p x_p x_pᵀ.
 *
 * <p>Costs Σ_k n_k² flops a row (symmetric rank updates of the blocks' columns) and 8 Σ_k n_k² bytes, half as much again where
 * products are float32. Products of a narrow block are float64 in any case: that takes 1.3 µs a row at order {@value #NARROW} where float32
 * takes .5, and the eigenvectors then do not depend on how the rows were cut into batches and parts.
 */
final class BlockSum implements AutoCloseable {

    /** Largest order whose products are float64 in a float32 backend: 256 and a bias. */
    static final int NARROW = 257;

    /** Fewer rows at a time would leave the product's kernels idle. */
    private static final int LEAST_ROWS = 64;

    /** More would not stay in a cache. */
    private static final int MOST_ROWS = 256;

    private final MatrixBackend backend;
    private final boolean float64;
    private final int[] sizes;
    private final Scratch widened;
    private final List<RunningSum> sums = new ArrayList<>();

    /** Sums of 0; {@code widened} is float64 scratch that nothing else uses while rows are added. */
    BlockSum(MatrixBackend backend, int order, CovarianceStage.Options options, Scratch widened) {
        this.backend = backend;
        this.float64 = options.float64();
        this.sizes = BlockDiagonal.sizes(order, options.blocks());
        this.widened = widened;
        try {
            for (int size : sizes) {
                sums.add(new RunningSum(backend, size, size, precision(size)));
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
            if (precision(sizes[k]) != backend.precision()) {
                addWidened(columns, exponent, sums.get(k));
            } else {
                sums.get(k)
                        .addRows(
                                rows.rows(),
                                2 * exponent,
                                (first, count, beta, sum) ->
                                        backend.rankUpdate(1, columns.rows(first, count), beta, sum));
            }
            offset += sizes[k];
        }
    }

    private Precision precision(int order) {
        return float64 || isNarrow(order) ? Precision.FLOAT64 : backend.precision();
    }

    private void addWidened(BackendMatrix rows, int exponent, RunningSum sum) {
        int most = WorkSizes.evenly(rows.rows(), rowsAtOnce(rows.columns()));
        for (int first = 0; first < rows.rows(); first += most) {
            BackendMatrix part = rows.rows(first, Math.min(most, rows.rows() - first));
            BackendMatrix wide = widened.take(part.rows(), part.columns());
            backend.upload(part, wide);
            sum.add(
                    part.rows(),
                    0,
                    (beta, target) -> backend.rankUpdate(Math.scalb(1.0, -2 * exponent), wide, beta, target));
        }
    }

    /** Rows of a block that are widened to float64 at a time: of a wide one they take no more than its float32 products would. */
    static int rowsAtOnce(int order) {
        return Math.max(LEAST_ROWS, Math.min(MOST_ROWS, order / 2));
    }

    /** Tells whether products of a block of that order are float64 in any precision. */
    static boolean isNarrow(int order) {
        return order <= NARROW;
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
