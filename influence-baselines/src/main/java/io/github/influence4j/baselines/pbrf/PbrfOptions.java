package io.github.influence4j.baselines.pbrf;

/**
 * How the proximal Bregman objective is minimised.
 *
 * <p>Immutable; each {@code with…} gives new options.
 */
public final class PbrfOptions {

    private final double tolerance;
    private final int maxIterations;
    private final int memory;
    private final int batchSize;

    private PbrfOptions(double tolerance, int maxIterations, int memory, int batchSize) {
        if (!(tolerance > 0 && tolerance < 1)) {
            throw new IllegalArgumentException("the tolerance must be between 0 and 1, found " + tolerance);
        }
        if (maxIterations < 1 || batchSize < 1 || memory < 0) {
            throw new IllegalArgumentException(
                    "iterations and batch size must be positive and the memory not negative, found " + maxIterations
                            + ", " + batchSize + " and " + memory);
        }
        this.tolerance = tolerance;
        this.maxIterations = maxIterations;
        this.memory = memory;
        this.batchSize = batchSize;
    }

    /**
     * Returns a relative gradient of 1e-5, at most 300 steps, a memory of 100 and batches of 2,048.
     *
     * @return the defaults
     */
    public static PbrfOptions defaults() {
        return new PbrfOptions(1e-5, 300, 100, 2048);
    }

    /**
     * Changes the tolerance.
     *
     * @param value relative norm of the gradient
     * @return new options
     * @throws IllegalArgumentException if it is not between 0 and 1
     */
    public PbrfOptions withTolerance(double value) {
        return new PbrfOptions(value, maxIterations, memory, batchSize);
    }

    /**
     * Changes the number of steps.
     *
     * @param value most steps
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public PbrfOptions withMaxIterations(int value) {
        return new PbrfOptions(tolerance, value, memory, batchSize);
    }

    /**
     * Changes the memory.
     *
     * @param value earlier steps that are kept
     * @return new options
     * @throws IllegalArgumentException if it is negative
     */
    public PbrfOptions withMemory(int value) {
        return new PbrfOptions(tolerance, maxIterations, value, batchSize);
    }

    /**
     * Changes the batch size.
     *
     * @param value examples that go through the model together
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public PbrfOptions withBatchSize(int value) {
        return new PbrfOptions(tolerance, maxIterations, memory, value);
    }

    /**
     * Returns norm of the objective's gradient, relative to its norm at the start, at which the search ends; at a kink, that of the least convex combination of gradients within this distance, relative to the offset ({@link PbrfResponse}).
     *
     * @return norm of the objective's gradient, relative to its norm at the start, at which the search ends; at a kink, that of the least convex combination of gradients within this distance, relative to the offset ({@link PbrfResponse})
     */
    public double tolerance() {
        return tolerance;
    }

    /**
     * Returns most steps; a response that is not there by then is returned with its residual.
     *
     * @return most steps; a response that is not there by then is returned with its residual
     */
    public int maxIterations() {
        return maxIterations;
    }

    /**
     * Returns earlier steps that correct the Gauss-Newton direction (L-BFGS); 0 for plain steps with the fixed matrix.
     *
     * @return earlier steps that correct the Gauss-Newton direction (L-BFGS); 0 for plain steps with the fixed matrix
     */
    public int memory() {
        return memory;
    }

    /**
     * Returns examples that go through the model together.
     *
     * @return examples that go through the model together
     */
    public int batchSize() {
        return batchSize;
    }

    @Override
    public String toString() {
        return "PbrfOptions["
                + "tolerance=" + tolerance
                + ", maxIterations=" + maxIterations
                + ", memory=" + memory
                + ", batchSize=" + batchSize
                + "]";
    }
}
