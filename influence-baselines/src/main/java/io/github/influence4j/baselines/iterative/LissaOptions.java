package io.github.influence4j.baselines.iterative;

import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * How LiSSA runs.
 *
 * <p>Immutable; each {@code with…} gives new options.
 */
public final class LissaOptions {

    /** The seed that is used where none is given. */
    public static final long DEFAULT_SEED = 1;

    private final OptionalInt depth;
    private final OptionalDouble scale;
    private final int batchSize;
    private final int repeats;
    private final long seed;

    private LissaOptions(OptionalInt depth, OptionalDouble scale, int batchSize, int repeats, long seed) {
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
        this.depth = depth;
        this.scale = scale;
        this.batchSize = batchSize;
        this.repeats = repeats;
        this.seed = seed;
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

    /**
     * Returns J, steps of the recursion; empty for N, the number of training examples, as in the paper.
     *
     * @return J, steps of the recursion; empty for N, the number of training examples, as in the paper
     */
    public OptionalInt depth() {
        return depth;
    }

    /**
     * Returns σ, by which the curvature is divided; empty for an estimate that is safe for the batches seen.
     *
     * @return σ, by which the curvature is divided; empty for an estimate that is safe for the batches seen
     */
    public OptionalDouble scale() {
        return scale;
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
     * Returns independent recursions whose results are averaged.
     *
     * @return independent recursions whose results are averaged
     */
    public int repeats() {
        return repeats;
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
        return "LissaOptions["
                + "depth=" + depth
                + ", scale=" + scale
                + ", batchSize=" + batchSize
                + ", repeats=" + repeats
                + ", seed=" + seed
                + "]";
    }
}
