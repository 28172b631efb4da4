package io.github.influence4j.index;

import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.index.internal.file.IndexHeader;
import io.github.influence4j.index.internal.file.SignShard;
import java.util.List;
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
     * @throws IllegalArgumentException if the size is too small for these layers, or more than signs can use
     */
    public static IndexPlan of(List<LayerSpec> layers, IndexOptions options) {
        // names and λ are in the files by a fingerprint, whose length does not depend on them
        LayerDamping any = LayerDamping.of(layers, layer -> 0);
        IndexHeader asked = header(layers, any, options.bytes(layers), options);
        return new IndexPlan(header(layers, any, asked.layout().bytes(), options), parameters(layers));
    }

    private static IndexHeader header(List<LayerSpec> layers, LayerDamping any, long bytes, IndexOptions options) {
        return IndexHeader.of("", Optional.empty(), layers, any, bytes, options.seed());
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
        return header.bytes();
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
     * Returns the number of signs.
     *
     * @return k, bits of a sequence
     */
    public long signs() {
        return (long) Long.SIZE * header.layout().words();
    }

    /**
     * Returns the size of the file that is made of a shard of the training set.
     *
     * @param examples number of sequences of the shard
     * @return bytes, exactly
     */
    public long shardBytes(long examples) {
        return SignShard.size(header, header.layout(), examples);
    }

    /** Says the size. */
    @Override
    public String toString() {
        return bytesPerExample() + " bytes a sequence, " + signs() + " signs";
    }
}
