package io.github.influence4j.baselines.iterative;

/**
 * How conjugate gradients run.
 *
 * <p>Immutable; each {@code with…} gives new options.
 */
public final class ConjugateGradientOptions {

    private final double tolerance;
    private final int maxIterations;
    private final int batchSize;

    private ConjugateGradientOptions(double tolerance, int maxIterations, int batchSize) {
        if (!(tolerance > 0 && tolerance < 1)) {
            throw new IllegalArgumentException("tolerance must be between 0 and 1, found " + tolerance);
        }
        if (maxIterations < 1) {
            throw new IllegalArgumentException("conjugate gradients need an iteration or more, found " + maxIterations);
        }
        if (batchSize < 1) {
            throw new IllegalArgumentException("batch size must be positive, found " + batchSize);
        }
        this.tolerance = tolerance;
        this.maxIterations = maxIterations;
        this.batchSize = batchSize;
    }

    /**
     * Returns a tolerance of 1e-8, 1,000 iterations and batches of 256.
     *
     * @return the defaults
     */
    public static ConjugateGradientOptions defaults() {
        return new ConjugateGradientOptions(1e-8, 1000, 256);
    }

    /**
     * Changes the tolerance.
     *
     * @param value relative residual
     * @return new options
     * @throws IllegalArgumentException if it is not between 0 and 1
     */
    public ConjugateGradientOptions withTolerance(double value) {
        return new ConjugateGradientOptions(value, maxIterations, batchSize);
    }

    /**
     * Changes the most iterations.
     *
     * @param value iterations
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public ConjugateGradientOptions withMaxIterations(int value) {
        return new ConjugateGradientOptions(tolerance, value, batchSize);
    }

    /**
     * Changes the batch size.
     *
     * @param value examples per batch
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public ConjugateGradientOptions withBatchSize(int value) {
        return new ConjugateGradientOptions(tolerance, maxIterations, value);
    }

    /**
     * Returns relative residual ‖v − (G+λ)x‖ / ‖v‖ at which a right-hand side is done.
     *
     * @return relative residual ‖v − (G+λ)x‖ / ‖v‖ at which a right-hand side is done
     */
    public double tolerance() {
        return tolerance;
    }

    /**
     * Returns most iterations; a right-hand side that is not done then is returned as it is, and reported.
     *
     * @return most iterations; a right-hand side that is not done then is returned as it is, and reported
     */
    public int maxIterations() {
        return maxIterations;
    }

    /**
     * Returns examples per batch of the products.
     *
     * @return examples per batch of the products
     */
    public int batchSize() {
        return batchSize;
    }

    @Override
    public String toString() {
        return "ConjugateGradientOptions["
                + "tolerance=" + tolerance
                + ", maxIterations=" + maxIterations
                + ", batchSize=" + batchSize
                + "]";
    }
}
