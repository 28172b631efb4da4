package io.github.influence4j.index;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.options.ScoreOptions;
import java.util.List;
import java.util.OptionalLong;

/**
 * How large an index is, and how it is built.
 *
 * <p>Immutable; each {@code with…} gives new options.
 */
public final class IndexOptions {

    /** Bytes a sequence as percent of its gradient in float32: what a first index should have. */
    public static final double DEFAULT_PERCENT = 0.25;

    /** Decides the projections. */
    public static final long DEFAULT_SEED = 0x1d5_1f7L;

    private final double percent;
    private final OptionalLong bytes;
    private final long seed;
    private final ScoreOptions batches;

    private IndexOptions(double percent, OptionalLong bytes, long seed, ScoreOptions batches) {
        if (!(percent > 0 && percent <= 100)) {
            throw new IllegalArgumentException(
                    "the percent of an index must be above 0 and at most 100, found " + percent);
        }
        if (bytes.orElse(1) < 1) {
            throw new IllegalArgumentException("bytes a sequence must be positive, found " + bytes.orElse(1));
        }
        this.percent = percent;
        this.bytes = bytes;
        this.seed = seed;
        this.batches = batches;
    }

    /**
     * Returns signs of a quarter percent.
     *
     * @return the defaults
     */
    public static IndexOptions defaults() {
        return new IndexOptions(DEFAULT_PERCENT, OptionalLong.empty(), DEFAULT_SEED, ScoreOptions.defaults());
    }

    /**
     * Sets the size as a share of the gradient.
     *
     * @param value bytes a sequence, as percent of 4 bytes a parameter; signs can use 3.1
     * @return new options
     * @throws IllegalArgumentException if it is not above 0 and at most 100
     */
    public IndexOptions withPercent(double value) {
        return new IndexOptions(value, OptionalLong.empty(), seed, batches);
    }

    /**
     * Sets the size in bytes.
     *
     * @param value most bytes a sequence
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public IndexOptions withBytes(long value) {
        return new IndexOptions(percent, OptionalLong.of(value), seed, batches);
    }

    /**
     * Sets the seed of the projections.
     *
     * @param value the seed
     * @return new options
     */
    public IndexOptions withSeed(long value) {
        return new IndexOptions(percent, bytes, value, batches);
    }

    /**
     * Bounds batches and memory.
     *
     * @param value of which batch size, positions and memory limit are looked at
     * @return new options
     */
    public IndexOptions withBatches(ScoreOptions value) {
        return new IndexOptions(percent, bytes, seed, value);
    }

    /** Most bytes of a sequence. */
    long bytes(List<LayerSpec> layers) {
        return bytes.orElseGet(() -> Math.round(percent / 100 * Float.BYTES * IndexPlan.parameters(layers)));
    }

    long seed() {
        return seed;
    }

    ScoreOptions batches() {
        return batches;
    }

    /** Says the size and the seed. */
    @Override
    public String toString() {
        return (bytes.isPresent() ? bytes.getAsLong() + " bytes a sequence" : percent + " percent of a gradient")
                + ", seed " + seed;
    }
}
