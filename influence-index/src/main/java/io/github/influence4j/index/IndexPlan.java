package io.github.influence4j.index;

import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.index.internal.coordinate.CoordinateLayout;
import io.github.influence4j.index.internal.file.IndexHeader;
import io.github.influence4j.index.internal.file.IndexSection;
import io.github.influence4j.index.internal.file.SignShard;
import io.github.influence4j.index.internal.sketch.SketchLayout;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What an index will take on the disk. Immutable. */
public final class IndexPlan {

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

    /** Says the size. */
    @Override
    public String toString() {
        return bytesPerExample() + " bytes a sequence, " + header.bytes();
    }
}
