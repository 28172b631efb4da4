package io.github.influence4j.spark;

import io.github.influence4j.api.ExampleSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** The examples of a partition. */
final class PartitionSource {

    private PartitionSource() {}

    /** Reads them; nothing where the partition is empty. */
    static <R, E> Optional<ExampleSource<E>> of(Iterator<R> rows, PartitionReader<R, E> reader) throws IOException {
        List<R> all = new ArrayList<>();
        rows.forEachRemaining(all::add);
        if (all.isEmpty()) {
            return Optional.empty();
        }
        ExampleSource<E> examples = reader.read(all);
        return examples.size() == 0 ? Optional.empty() : Optional.of(examples);
    }
}
