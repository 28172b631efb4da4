package io.github.influence4j.spark;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.store.PartedData;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.StreamSupport;

/** Data sets one after the other. */
record JoinedSource<E>(List<? extends PartedData<E>> parts) implements PartedData<E> {

    @Override
    public List<? extends PartedData<E>> shards() {
        return List.copyOf(
                parts.stream().flatMap(part -> part.shards().stream()).toList());
    }

    @Override
    public long[] ids() {
        return parts.stream().flatMapToLong(part -> Arrays.stream(part.ids())).toArray();
    }

    @Override
    public List<Path> files() {
        return parts.stream().flatMap(part -> part.files().stream()).toList();
    }

    @Override
    public long size() {
        return parts.stream().mapToLong(PartedData::size).sum();
    }

    @Override
    public Iterable<ExampleBatch<E>> batches(int batchSize) {
        return () -> parts.stream()
                .flatMap(part -> {
                    Iterable<ExampleBatch<E>> batches = part.batches(batchSize);
                    return StreamSupport.stream(batches.spliterator(), false);
                })
                .iterator();
    }
}
