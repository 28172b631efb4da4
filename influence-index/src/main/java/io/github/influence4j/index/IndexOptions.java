package io.github.influence4j.index;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.index.internal.file.IndexSection;
import java.io.InvalidObjectException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What an index keeps, how large it is, and how it is built.
 *
 * <p>An index keeps signs of random projections, leading coordinates, or both. Immutable; each {@code with…} gives new options. Serialised
 * are the sizes, the seed, and of the batches what is looked at.
 */
public final class IndexOptions implements Serializable {

    private static final long serialVersionUID = 1;

    /** Bytes of signs a sequence as percent of its gradient in float32: what a first index should have. */
    public static final double DEFAULT_PERCENT = 0.25;

    /** Bytes of coordinates a sequence as percent of its gradient in float32, where they are wanted and no size is given. */
    public static final double DEFAULT_COORDINATES_PERCENT = 1;

    /** Decides the projections. */
    public static final long DEFAULT_SEED = 0x1d5_1f7L;

    private final transient Optional<Size> signs;
    private final transient Optional<Size> coordinates;
    /** Decides the projections. */
    private final long seed;

    private final transient ScoreOptions batches;

    /**
     * Of a section: bytes, or a percentage where they are 0.
     *
     * @param percent the percentage
     * @param bytes of a sequence
     */
    private record Size(double percent, long bytes) implements Serializable {

        static Size ofPercent(double value) {
            if (!(value > 0 && value <= 100)) {
                throw new IllegalArgumentException(
                        "the percent of an index must be above 0 and at most 100, found " + value);
            }
            return new Size(value, 0);
        }

        static Size ofBytes(long value) {
            if (value < 1) {
                throw new IllegalArgumentException("bytes a sequence must be positive, found " + value);
            }
            return new Size(0, value);
        }

        long of(List<LayerSpec> layers) {
            return bytes > 0 ? bytes : Math.round(percent / 100 * Float.BYTES * IndexPlan.parameters(layers));
        }

        String said(String what) {
            return (bytes > 0 ? bytes + " bytes" : percent + " percent of a gradient") + " of " + what;
        }
    }

    private IndexOptions(Optional<Size> signs, Optional<Size> coordinates, long seed, ScoreOptions batches) {
        this.signs = signs;
        this.coordinates = coordinates;
        this.seed = seed;
        this.batches = batches;
    }

    /**
     * Returns signs of a quarter percent.
     *
     * @return the defaults
     */
    public static IndexOptions defaults() {
        return new IndexOptions(
                Optional.of(Size.ofPercent(DEFAULT_PERCENT)), Optional.empty(), DEFAULT_SEED, ScoreOptions.defaults());
    }

    /**
     * Sets the size of the signs as a share of the gradient.
     *
     * @param value bytes a sequence, as percent of 4 bytes a parameter; signs can use 3.1
     * @return new options
     * @throws IllegalArgumentException if it is not above 0 and at most 100
     */
    public IndexOptions withPercent(double value) {
        return new IndexOptions(Optional.of(Size.ofPercent(value)), coordinates, seed, batches);
    }

    /**
     * Sets the size of the signs in bytes.
     *
     * @param value most bytes a sequence
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public IndexOptions withBytes(long value) {
        return new IndexOptions(Optional.of(Size.ofBytes(value)), coordinates, seed, batches);
    }

    /**
     * Keeps leading coordinates, with a size as a share of the gradient.
     *
     * @param value bytes a sequence, as percent of 4 bytes a parameter; coordinates can use 12.5
     * @return new options
     * @throws IllegalArgumentException if it is not above 0 and at most 100
     */
    public IndexOptions withCoordinatesPercent(double value) {
        return new IndexOptions(signs, Optional.of(Size.ofPercent(value)), seed, batches);
    }

    /**
     * Keeps leading coordinates, with a size in bytes.
     *
     * @param value most bytes a sequence
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public IndexOptions withCoordinatesBytes(long value) {
        return new IndexOptions(signs, Optional.of(Size.ofBytes(value)), seed, batches);
    }

    /**
     * Keeps coordinates only.
     *
     * @return new options
     * @throws IllegalArgumentException if no coordinates were asked for
     */
    public IndexOptions withoutSigns() {
        if (coordinates.isEmpty()) {
            throw new IllegalArgumentException("an index keeps signs or coordinates: ask for coordinates first");
        }
        return new IndexOptions(Optional.empty(), coordinates, seed, batches);
    }

    /**
     * Sets the seed of the projections.
     *
     * @param value the seed
     * @return new options
     */
    public IndexOptions withSeed(long value) {
        return new IndexOptions(signs, coordinates, value, batches);
    }

    /**
     * Bounds batches and memory.
     *
     * @param value batch size, positions and memory limit
     * @return new options
     * @throws IllegalArgumentException if they ask for parts by layer or token, or for a rank
     */
    public IndexOptions withBatches(ScoreOptions value) {
        requireTotals(value);
        return new IndexOptions(signs, coordinates, seed, value);
    }

    /** Refuses what an index cannot answer: its coordinates are of all layers and tokens together, and of whole gradients. */
    static void requireTotals(ScoreOptions options) {
        List<String> asked = new ArrayList<>();
        if (options.perLayer()) {
            asked.add("parts by layer");
        }
        if (options.perToken()) {
            asked.add("parts by token");
        }
        options.rank().ifPresent(rank -> asked.add("queries cut to a rank (" + rank + ")"));
        if (!asked.isEmpty()) {
            throw new IllegalArgumentException("an index has totals of whole gradients only, asked for were "
                    + String.join(" and ", asked) + "; score what it finds with the factors for these");
        }
    }

    /** Most bytes of a sequence, of each section. */
    Map<IndexSection, Long> bytes(List<LayerSpec> layers) {
        Map<IndexSection, Long> bytes = new EnumMap<>(IndexSection.class);
        signs.ifPresent(size -> bytes.put(IndexSection.SIGNS, size.of(layers)));
        coordinates.ifPresent(size -> bytes.put(IndexSection.COORDINATES, size.of(layers)));
        return bytes;
    }

    long seed() {
        return seed;
    }

    /**
     * Returns the bounds of batches and memory.
     *
     * @return batch size, positions and memory limit
     */
    public ScoreOptions batches() {
        return batches;
    }

    /**
     * Says what is written in place of this.
     *
     * @return the options in a form that can be sent
     */
    private Object writeReplace() {
        return new Sent(
                signs.stream().toList(),
                coordinates.stream().toList(),
                seed,
                batches.batchSize(),
                batches.batchPositions(),
                batches.memoryLimit().orElse(0));
    }

    /**
     * Refuses what was not written by {@link #writeReplace}.
     *
     * @param in is not read
     * @throws InvalidObjectException always
     */
    private void readObject(ObjectInputStream in) throws InvalidObjectException {
        throw new InvalidObjectException("options are sent in another form");
    }

    /**
     * Options as they are serialised.
     *
     * @param signs the size of the signs, if there are any
     * @param coordinates the size of the coordinates, if there are any
     * @param seed decides the projections
     * @param batchSize most examples of a batch
     * @param batchPositions most positions of a batch
     * @param memoryLimit in bytes, 0 for none
     */
    private record Sent(
            List<Size> signs, List<Size> coordinates, long seed, int batchSize, int batchPositions, long memoryLimit)
            implements Serializable {

        /**
         * Makes the options again.
         *
         * @return the options
         */
        private Object readResolve() {
            ScoreOptions batches =
                    ScoreOptions.defaults().withBatchSize(batchSize).withBatchPositions(batchPositions);
            return new IndexOptions(
                    signs.stream().findFirst(),
                    coordinates.stream().findFirst(),
                    seed,
                    memoryLimit == 0 ? batches : batches.withMemoryLimit(memoryLimit));
        }
    }

    /** Says the sizes and the seed. */
    @Override
    public String toString() {
        return Stream.of(signs.map(size -> size.said("signs")), coordinates.map(size -> size.said("coordinates")))
                        .flatMap(Optional::stream)
                        .collect(Collectors.joining(", "))
                + ", seed " + seed;
    }
}
