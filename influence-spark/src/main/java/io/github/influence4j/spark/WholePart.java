package io.github.influence4j.spark;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.store.PartedData;
import java.nio.file.Path;
import java.util.List;

/**
 * Examples of a partition that are one part, and of no files that last.
 *
 * @param settings names them
 * @param examples the examples
 */
record WholePart<E>(String settings, ExampleSource<E> examples) implements PartedData<E> {

    /** The parts that a partition has, such as shards of captures, or itself as the only one. */
    static <E> PartedData<E> of(int partition, ExampleSource<E> examples) {
        return examples instanceof PartedData<E> parted ? parted : new WholePart<>("partition " + partition, examples);
    }

    @Override
    public List<WholePart<E>> shards() {
        return List.of(this);
    }

    @Override
    public long[] ids() {
        return ExampleCount.of(examples).toArray();
    }

    @Override
    public List<Path> files() {
        return List.of();
    }

    @Override
    public long size() {
        return examples.size();
    }

    @Override
    public Iterable<ExampleBatch<E>> batches(int batchSize) {
        return examples.batches(batchSize);
    }
}
