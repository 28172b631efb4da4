package io.github.influence4j.api;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** A data set held in a list. */
final class ListSource<E> implements ExampleSource<E> {

    private final List<E> examples;
    private final long[] ids;

    ListSource(List<E> examples, long[] ids) {
        if (examples.size() != ids.length) {
            throw new IllegalArgumentException(examples.size() + " examples with " + ids.length + " ids");
        }
        if (LongStream.of(ids).distinct().count() != ids.length) {
            throw new IllegalArgumentException("ids of examples must be distinct");
        }
        this.examples = examples;
        this.ids = ids;
    }

    @Override
    public long size() {
        return ids.length;
    }

    @Override
    public Iterable<ExampleBatch<E>> batches(int batchSize) {
        if (batchSize < 1) {
            throw new IllegalArgumentException("batch size must be positive, found " + batchSize);
        }
        int batches = (ids.length + batchSize - 1) / batchSize;
        return () -> IntStream.range(0, batches)
                .mapToObj(b -> slice(b * batchSize, Math.min(ids.length, (b + 1) * batchSize)))
                .iterator();
    }

    private ExampleBatch<E> slice(int from, int to) {
        return new ExampleBatch<>(examples.subList(from, to), Arrays.copyOfRange(ids, from, to));
    }
}
