package io.github.influence4j.spark;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import java.util.List;
import java.util.stream.StreamSupport;

/** Data sets one after the other. */
record JoinedSource<E>(List<? extends ExampleSource<E>> parts) implements ExampleSource<E> {

    @Override
    public long size() {
        return parts.stream().mapToLong(ExampleSource::size).sum();
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
