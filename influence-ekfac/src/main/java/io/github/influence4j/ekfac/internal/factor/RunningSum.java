package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.WorkSizes;
import org.jspecify.annotations.Nullable;

/**
 * A sum of many products: the products in the working precision or in float64, inside blocks of limited length, and the sum of
 * the blocks in float64. So rounding errors do not grow with the length of the data set.
 */
public final class RunningSum implements AutoCloseable {

    /**
     * Rows that one float32 block may add up: an unbiased float32 sum of that many terms loses about 2⁻²⁴√16384, which is
     * 8e-6 of its magnitude, and emptying the block costs a negligible share of filling it.
     */
    public static final long BLOCK_ROWS = 16384;

    private final MatrixBackend backend;
    private final int rows;
    private final int columns;
    /** Of the products. */
    private final Precision precision;
    /** Products not yet in the sum; float32 only. */
    private @Nullable BackendMatrix block;

    private @Nullable BackendMatrix sum;
    private long pendingRows;
    private int pendingExponent;

    /** Adds a product into a matrix. */
    @FunctionalInterface
    public interface Product {
        /**
         * Computes target = product + beta · target.
         *
         * @param beta 0 or 1
         * @param target where to
         */
        void addInto(double beta, BackendMatrix target);
    }

    /**
     * Makes a sum of 0, which takes memory from the first product on.
     *
     * @param backend where it lies
     * @param rows number of rows
     * @param columns number of columns
     */
    public RunningSum(MatrixBackend backend, int rows, int columns) {
        this(backend, rows, columns, backend.precision());
    }

    /**
     * Makes a sum of 0 of products of a precision, which takes memory from the first product on.
     *
     * @param backend where it lies
     * @param rows number of rows
     * @param columns number of columns
     * @param precision of the products: the backend's, or float64
     */
    RunningSum(MatrixBackend backend, int rows, int columns, Precision precision) {
        this.backend = backend;
        this.rows = rows;
        this.columns = columns;
        this.precision = precision;
    }

    /** Adds a product over some of the rows of its factors into a matrix. */
    @FunctionalInterface
    public interface RowsProduct {
        /**
         * Computes target = product + beta · target.
         *
         * @param firstRow first of the rows to sum over
         * @param count number of these rows
         * @param beta 0 or 1
         * @param target where to
         */
        void addInto(int firstRow, int count, double beta, BackendMatrix target);
    }

    /**
     * Adds a product of which each entry is a sum over rows, as many rows at a time as a block may add up.
     *
     * @param count number of rows it sums over
     * @param exponent e, where the product is 2^e times what is to be added; 0 in float64
     * @param product computes it for some of the rows
     */
    public void addRows(int count, int exponent, RowsProduct product) {
        int most = precision == Precision.FLOAT64 ? count : WorkSizes.evenly(count, BLOCK_ROWS);
        for (int first = 0; first < count; first += most) {
            int start = first;
            int rowsAtOnce = Math.min(most, count - first);
            add(rowsAtOnce, exponent, (beta, target) -> product.addInto(start, rowsAtOnce, beta, target));
        }
    }

    /**
     * Adds a product of which each entry is a sum over rows, all of them at once.
     *
     * @param terms number of rows it sums over, in float32 at most {@link #BLOCK_ROWS}
     * @param exponent e, where the product is 2^e times what is to be added; 0 in float64
     * @param product computes it
     */
    public void add(long terms, int exponent, Product product) {
        if (precision == Precision.FLOAT64) {
            boolean first = sum == null;
            product.addInto(first ? 0 : 1, float64Sum());
            return;
        }
        if (block == null) {
            block = backend.uninitialised(rows, columns, precision);
        }
        if (pendingRows > 0 && (pendingRows + terms > BLOCK_ROWS || exponent != pendingExponent)) {
            flush(block);
        }
        pendingExponent = exponent;
        product.addInto(pendingRows == 0 ? 0 : 1, block);
        pendingRows += terms;
        if (pendingRows >= BLOCK_ROWS) {
            flush(block);
        }
    }

    /**
     * Ends a part of the data: brings all products into the float64 sum, so that what is added from here on is added to the
     * very numbers that are returned.
     *
     * @return the sum so far, valid until something is added
     */
    public Matrix settle() {
        if (block != null && pendingRows > 0) {
            flush(block);
        }
        if (sum == null) {
            sum = backend.zeros(rows, columns, Precision.FLOAT64);
        }
        return sum;
    }

    /**
     * Ends a part of the data, as {@link #settle} does, where only the upper triangle was added to.
     *
     * @return the sum so far, symmetric, valid until something is added
     */
    public Matrix settleSymmetric() {
        settle();
        BackendMatrix settled = float64Sum();
        backend.mirrorUpper(1, settled, settled);
        return settled;
    }

    /**
     * Goes on where {@link #settle} or {@link #settleSymmetric} ended, in place of what was added so far.
     *
     * @param settled what was returned there
     */
    public void restore(Matrix settled) {
        pendingRows = 0;
        backend.upload(settled, float64Sum());
    }

    private BackendMatrix float64Sum() {
        if (sum == null) {
            sum = backend.uninitialised(rows, columns, Precision.FLOAT64);
        }
        return sum;
    }

    private void flush(BackendMatrix products) {
        if (sum == null && pendingExponent == 0) {
            backend.upload(products, float64Sum());
        } else {
            if (sum == null) {
                sum = backend.zeros(rows, columns, Precision.FLOAT64);
            }
            backend.addScaled(Math.scalb(1.0, -pendingExponent), products, sum);
        }
        pendingRows = 0;
    }

    /**
     * Divides the sum by a count, hands the mean over to the caller and frees this sum.
     *
     * @param count the divisor
     * @return a float64 matrix that the caller closes
     */
    public BackendMatrix releaseMean(long count) {
        BackendMatrix total = total();
        BackendMatrix mean = backend.zeros(rows, columns, Precision.FLOAT64);
        try {
            if (total != null) {
                backend.addScaled(1.0 / count, total, mean);
            }
            close();
            return mean;
        } catch (RuntimeException | Error e) {
            mean.close();
            throw e;
        }
    }

    /**
     * Divides a sum of which only the upper triangle was added to by a count, mirrors it, hands the mean over to the
     * caller and frees this sum.
     *
     * @param count the divisor
     * @return a symmetric float64 matrix that the caller closes
     */
    public BackendMatrix releaseSymmetricMean(long count) {
        BackendMatrix total = total();
        if (total == null) {
            return backend.zeros(rows, columns, Precision.FLOAT64);
        }
        BackendMatrix mean = float64Sum();
        backend.mirrorUpper(1.0 / count, total, mean);
        sum = null;
        close();
        return mean;
    }

    /** Where the whole sum is: in the block as long as that was never emptied; null if nothing was added. */
    private @Nullable BackendMatrix total() {
        if (block == null || sum == null && pendingExponent == 0) {
            return block == null ? sum : block;
        }
        if (pendingRows > 0) {
            flush(block);
        }
        block.close();
        block = null;
        return sum;
    }

    @Override
    public void close() {
        if (block != null) {
            block.close();
            block = null;
        }
        if (sum != null) {
            sum.close();
            sum = null;
        }
    }
}
