package io.github.influence4j.index;

import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.plan.Plan;
import io.github.influence4j.index.internal.coordinate.CoordinateLayout;
import io.github.influence4j.index.internal.file.IndexHeader;
import io.github.influence4j.index.internal.file.IndexSection;
import io.github.influence4j.index.internal.file.SignShard;
import io.github.influence4j.index.internal.sketch.SketchLayout;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleFunction;

/** What an index will take on the disk, the time of its build, and the quality that was measured at its size. Immutable. */
public final class IndexPlan {

    /** Seconds in which a core whitens a coordinate and adds it to a sketch, or finds it among those that are kept (docs/results/index.md). */
    private static final double SIGN_SECONDS = 3e-9;

    private static final double COORDINATE_SECONDS = 4e-9;

    private final IndexHeader header;
    private final long parameters;

    private IndexPlan(IndexHeader header, long parameters) {
        this.header = header;
        this.parameters = parameters;
    }

    /**
     * Plans an index.
     *
     * @param layers the layers
     * @param options its size
     * @return the plan
     * @throws IllegalArgumentException if a size is too small for these layers, or more than signs or coordinates can use
     */
    public static IndexPlan of(List<LayerSpec> layers, IndexOptions options) {
        // names and λ are in the files by a fingerprint, whose length does not depend on them
        LayerDamping any = LayerDamping.of(layers, layer -> 0);
        Map<IndexSection, Long> bytes = options.bytes(layers);
        List<Integer> numbers = layers.stream()
                .map(layer -> Math.toIntExact(layer.parameters()))
                .toList();
        bytes.computeIfPresent(IndexSection.SIGNS, (section, most) -> SketchLayout.of(numbers, most, options.seed())
                .shape()
                .bytes());
        bytes.computeIfPresent(IndexSection.COORDINATES, (section, most) -> CoordinateLayout.size(numbers, most));
        return new IndexPlan(
                IndexHeader.of("", Optional.empty(), layers, any, bytes, options.seed()), parameters(layers));
    }

    Map<IndexSection, Long> bytes() {
        return header.bytes();
    }

    static long parameters(List<LayerSpec> layers) {
        return layers.stream().mapToLong(LayerSpec::parameters).sum();
    }

    /**
     * Returns the size of a sequence.
     *
     * @return bytes, at most what the options ask for
     */
    public long bytesPerExample() {
        return header.bytesPerExample();
    }

    /**
     * Returns the size of a sequence as a share of its gradient.
     *
     * @return percent of 4 bytes a parameter
     */
    public double percent() {
        return 100.0 * bytesPerExample() / Float.BYTES / parameters;
    }

    /**
     * Returns the size of the files that are made of a shard of the training set.
     *
     * @param examples number of sequences of the shard
     * @return bytes, exactly
     */
    public long shardBytes(long examples) {
        return header.sections().stream()
                .mapToLong(section -> SignShard.size(section, header, header.shape(section), examples))
                .sum();
    }

    /**
     * Estimates the time of a build: that of self-influence, whose pass rotates captures and forms gradients as a build does, and of
     * coding each number of each gradient.
     *
     * @param plan of the training set, with the batches of the build
     * @param examples n, number of its sequences
     * @param cores that code beside each other
     * @return seconds, right within a factor of two or so
     */
    public double seconds(Plan plan, long examples, int cores) {
        double coding = header.sections().stream()
                .mapToDouble(section -> section == IndexSection.SIGNS ? SIGN_SECONDS : COORDINATE_SECONDS)
                .sum();
        return plan.stage("self-influence").seconds() + coding * examples * parameters / Math.max(1, cores);
    }

    /**
     * Returns the quality of signs of this size.
     *
     * @return what was measured, on lines between sizes; empty without signs, or for a size at which nothing was measured
     */
    public Optional<ExpectedQuality> expectedOfSigns() {
        return expected(IndexSection.SIGNS, ExpectedQuality::ofSigns);
    }

    /**
     * Returns the quality of coordinates of this size.
     *
     * @return what was measured, on lines between sizes; empty without coordinates, or for a size at which nothing was measured
     */
    public Optional<ExpectedQuality> expectedOfCoordinates() {
        return expected(IndexSection.COORDINATES, ExpectedQuality::ofCoordinates);
    }

    private Optional<ExpectedQuality> expected(
            IndexSection section, DoubleFunction<Optional<ExpectedQuality>> ofPercent) {
        return Optional.ofNullable(bytes().get(section))
                .flatMap(own -> ofPercent.apply(100.0 * own / Float.BYTES / parameters));
    }

    /** Says the size. */
    @Override
    public String toString() {
        return bytesPerExample() + " bytes a sequence, " + header.bytes();
    }
}
