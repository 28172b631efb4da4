package io.github.influence4j.api;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
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
        int capped = Math.min(batchSize, Math.max(1, ids.length)); // so that nothing below overflows
        long batches = ((long) ids.length + capped - 1) / capped;
        return () -> LongStream.range(0, batches)
                .mapToObj(b -> slice((int) (b * capped), (int) Math.min(ids.length, (b + 1) * capped)))
                .iterator();
    }

    @Override
    public ExampleSource<E> select(Set<Long> wanted) {
        int[] indices = IntStream.range(0, ids.length)
                .filter(k -> wanted.contains(ids[k]))
                .toArray();
        if (indices.length < wanted.size()) {
            throw new IllegalArgumentException(
                    "the data set has " + indices.length + " of the " + wanted.size() + " examples that were selected");
        }
        return new ListSource<>(
                IntStream.of(indices).mapToObj(examples::get).toList(),
                IntStream.of(indices).mapToLong(k -> ids[k]).toArray());
    }

    private ExampleBatch<E> slice(int from, int to) {
        return new ExampleBatch<>(examples.subList(from, to), Arrays.copyOfRange(ids, from, to));
    }
}
