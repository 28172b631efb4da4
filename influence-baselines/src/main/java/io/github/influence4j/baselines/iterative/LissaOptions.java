package io.github.influence4j.baselines.iterative;

import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * How LiSSA runs.
 *
 * @param depth J, steps of the recursion; empty for N, the number of training examples, as in the paper
 * @param scale σ, by which the curvature is divided; empty for an estimate that is safe for the batches seen
 * @param batchSize examples per step
 * @param repeats independent recursions whose results are averaged
 * @param seed determines the batches
 */
public record LissaOptions(OptionalInt depth, OptionalDouble scale, int batchSize, int repeats, long seed) {

    /** The seed that is used where none is given. */
    public static final long DEFAULT_SEED = 1;

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if one of them is not positive
     */
    public LissaOptions {
        if (depth.isPresent() && depth.getAsInt() < 1) {
            throw new IllegalArgumentException("LiSSA needs a depth of 1 or more, found " + depth.getAsInt());
        }
        if (scale.isPresent() && !(scale.getAsDouble() > 0 && scale.getAsDouble() < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "the scale of LiSSA must be positive and finite, found " + scale.getAsDouble());
        }
        if (batchSize < 1 || repeats < 1) {
            throw new IllegalArgumentException(
                    "LiSSA needs batches of 1 or more and a repeat or more, found batches of " + batchSize + " and "
                            + repeats + " repeats");
        }
    }

    /**
     * Returns N steps with batches of 32, one repeat, and an estimated scale.
     *
     * @return the defaults
     */
    public static LissaOptions defaults() {
        return new LissaOptions(OptionalInt.empty(), OptionalDouble.empty(), 32, 1, DEFAULT_SEED);
    }

    /**
     * Sets the depth.
     *
     * @param value J
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public LissaOptions withDepth(int value) {
        return new LissaOptions(OptionalInt.of(value), scale, batchSize, repeats, seed);
    }

    /**
     * Sets the scale.
     *
     * @param value σ
     * @return new options
     * @throws IllegalArgumentException if it is not positive and finite
     */
    public LissaOptions withScale(double value) {
        return new LissaOptions(depth, OptionalDouble.of(value), batchSize, repeats, seed);
    }

    /**
     * Changes the batch size.
     *
     * @param value examples per step; N or more for steps with the whole data set
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public LissaOptions withBatchSize(int value) {
        return new LissaOptions(depth, scale, value, repeats, seed);
    }

    /**
     * Changes the repeats.
     *
     * @param value number of recursions
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public LissaOptions withRepeats(int value) {
        return new LissaOptions(depth, scale, batchSize, value, seed);
    }

    /**
     * Changes the seed.
     *
     * @param value determines the batches
     * @return new options
     */
    public LissaOptions withSeed(long value) {
        return new LissaOptions(depth, scale, batchSize, repeats, value);
    }
}
