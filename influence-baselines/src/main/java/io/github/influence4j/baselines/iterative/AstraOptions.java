package io.github.influence4j.baselines.iterative;

import java.util.OptionalDouble;

/**
 * How the preconditioned stochastic iterations run.
 *
 * <p>Immutable; each {@code with…} gives new options.
 */
public final class AstraOptions {

    /** The seed that is used where none is given. */
    public static final long DEFAULT_SEED = 1;

    private final int iterations;
    private final int batchSize;
    private final OptionalDouble stepSize;
    private final double momentum;
    private final int halveEvery;
    private final long seed;

    private AstraOptions(
            int iterations, int batchSize, OptionalDouble stepSize, double momentum, int halveEvery, long seed) {
        if (iterations < 1) {
            throw new IllegalArgumentException("ASTRA needs an iteration or more, found " + iterations);
        }
        if (batchSize < 1 || halveEvery < 1) {
            throw new IllegalArgumentException("batch size and steps between halvings must be positive, found "
                    + batchSize + " and " + halveEvery);
        }
        if (stepSize.isPresent()
                && !(stepSize.getAsDouble() > 0 && stepSize.getAsDouble() < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "the step size must be positive and finite, found " + stepSize.getAsDouble());
        }
        if (!(momentum >= 0 && momentum < 1)) {
            throw new IllegalArgumentException("momentum must be at least 0 and below 1, found " + momentum);
        }
        this.iterations = iterations;
        this.batchSize = batchSize;
        this.stepSize = stepSize;
        this.momentum = momentum;
        this.halveEvery = halveEvery;
        this.seed = seed;
    }

    /**
     * Returns the published settings: 200 steps with batches of 256, momentum 0.9, the step size halved every 50; the first
     * step size is estimated.
     *
     * @return the defaults
     */
    public static AstraOptions defaults() {
        return new AstraOptions(200, 256, OptionalDouble.empty(), 0.9, 50, DEFAULT_SEED);
    }

    /**
     * Changes the number of steps, and the steps between halvings with it, so that there are still four stages.
     *
     * @param value steps
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public AstraOptions withIterations(int value) {
        return new AstraOptions(value, batchSize, stepSize, momentum, Math.max(1, value / 4), seed);
    }

    /**
     * Changes the batch size.
     *
     * @param value examples per step; N or more for steps with the whole data set
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public AstraOptions withBatchSize(int value) {
        return new AstraOptions(iterations, value, stepSize, momentum, halveEvery, seed);
    }

    /**
     * Sets the first step size.
     *
     * @param value α
     * @return new options
     * @throws IllegalArgumentException if it is not positive and finite
     */
    public AstraOptions withStepSize(double value) {
        return new AstraOptions(iterations, batchSize, OptionalDouble.of(value), momentum, halveEvery, seed);
    }

    /**
     * Changes the momentum.
     *
     * @param value at least 0 and below 1
     * @return new options
     * @throws IllegalArgumentException if it is not
     */
    public AstraOptions withMomentum(double value) {
        return new AstraOptions(iterations, batchSize, stepSize, value, halveEvery, seed);
    }

    /**
     * Changes when the step size is halved.
     *
     * @param value steps
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public AstraOptions withHalveEvery(int value) {
        return new AstraOptions(iterations, batchSize, stepSize, momentum, value, seed);
    }

    /**
     * Changes the seed.
     *
     * @param value determines the batches
     * @return new options
     */
    public AstraOptions withSeed(long value) {
        return new AstraOptions(iterations, batchSize, stepSize, momentum, halveEvery, value);
    }

    /**
     * Returns number of steps.
     *
     * @return number of steps
     */
    public int iterations() {
        return iterations;
    }

    /**
     * Returns examples per step.
     *
     * @return examples per step
     */
    public int batchSize() {
        return batchSize;
    }

    /**
     * Returns α of the first steps; empty for one that the largest eigenvalue of the preconditioned operator allows.
     *
     * @return α of the first steps; empty for one that the largest eigenvalue of the preconditioned operator allows
     */
    public OptionalDouble stepSize() {
        return stepSize;
    }

    /**
     * Returns share of the last step that is taken again, from 0 to below 1.
     *
     * @return share of the last step that is taken again, from 0 to below 1
     */
    public double momentum() {
        return momentum;
    }

    /**
     * Returns steps after which the step size is halved.
     *
     * @return steps after which the step size is halved
     */
    public int halveEvery() {
        return halveEvery;
    }

    /**
     * Returns determines the batches.
     *
     * @return determines the batches
     */
    public long seed() {
        return seed;
    }

    @Override
    public String toString() {
        return "AstraOptions["
                + "iterations=" + iterations
                + ", batchSize=" + batchSize
                + ", stepSize=" + stepSize
                + ", momentum=" + momentum
                + ", halveEvery=" + halveEvery
                + ", seed=" + seed
                + "]";
    }
}
