package io.github.influence4j.ekfac.factor;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import org.jspecify.annotations.Nullable;

/**
 * A sum of many products: the products in the working precision, inside blocks of limited length, and the sum of the
 * blocks in float64. So rounding errors do not grow with the length of the data set.
 */
public final class RunningSum implements AutoCloseable {

    /**
     * Rows that one float32 block may add up: an unbiased float32 sum of that many terms loses about 2⁻²⁴√4096, which is
     * 4e-6 of its magnitude, and emptying the block costs a negligible share of filling it.
     */
    public static final long BLOCK_ROWS = 4096;

    private final MatrixBackend backend;
    private final BackendMatrix sum;
    private @Nullable BackendMatrix block;
    private long pendingRows;

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
     * Makes a sum of 0.
     *
     * @param backend where it lies
     * @param rows number of rows
     * @param columns number of columns
     */
    public RunningSum(MatrixBackend backend, int rows, int columns) {
        this.backend = backend;
        this.sum = backend.zeros(rows, columns, Precision.FLOAT64);
    }

    /**
     * Adds a product of which each entry is a sum over rows.
     *
     * @param rows number of rows it sums over
     * @param product computes it
     */
    public void add(long rows, Product product) {
        if (backend.precision() == Precision.FLOAT64) {
            product.addInto(1, sum);
            return;
        }
        if (block == null) {
            block = backend.zeros(sum.rows(), sum.columns());
        }
        product.addInto(pendingRows == 0 ? 0 : 1, block);
        pendingRows += rows;
        if (pendingRows >= BLOCK_ROWS) {
            flush();
        }
    }

    /**
     * Returns the sum so far; entries that no product writes are undefined.
     *
     * @return a float64 matrix owned by this object
     */
    public BackendMatrix value() {
        flush();
        return sum;
    }

    /**
     * Divides the sum by a count, hands the mean over to the caller and frees this sum.
     *
     * @param count the divisor
     * @return a float64 matrix that the caller closes
     */
    public BackendMatrix releaseMean(long count) {
        flush();
        closeBlock();
        BackendMatrix mean = backend.zeros(sum.rows(), sum.columns(), Precision.FLOAT64);
        backend.addScaled(1.0 / count, sum, mean);
        close();
        return mean;
    }

    private void flush() {
        if (block != null && pendingRows > 0) {
            backend.addScaled(1, block, sum);
            pendingRows = 0;
        }
    }

    @Override
    public void close() {
        closeBlock();
        sum.close();
    }

    private void closeBlock() {
        if (block != null) {
            block.close();
            block = null;
        }
    }
}
