package io.github.influence4j.store;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Examples in memory, in parts of so many; their ids are their places.
 *
 * @param name tells these examples from others
 * @param examples the examples
 * @param first id of the first
 * @param each examples of a part
 */
record ListParts<E>(String name, List<E> examples, int first, int each) implements PartedData<E> {

    ListParts {
        if (each < 1 || examples.isEmpty()) {
            throw new IllegalArgumentException(name + ": expected examples in parts of at least one, found "
                    + examples.size() + " in parts of " + each);
        }
    }

    @Override
    public List<ListParts<E>> shards() {
        List<ListParts<E>> parts = new ArrayList<>();
        for (int at = 0; at < examples.size(); at += each) {
            List<E> some = examples.subList(at, Math.min(examples.size(), at + each));
            parts.add(new ListParts<>(name, some, first + at, each));
        }
        return parts;
    }

    @Override
    public long[] ids() {
        return LongStream.range(first, (long) first + examples.size()).toArray();
    }

    @Override
    public List<Path> files() {
        return List.of();
    }

    @Override
    public String settings() {
        return name;
    }

    @Override
    public long size() {
        return examples.size();
    }

    @Override
    public Iterable<ExampleBatch<E>> batches(int batchSize) {
        return ExampleSource.of(examples, ids()).batches(batchSize);
    }
}
