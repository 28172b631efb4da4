package io.github.influence4j.spark;

import io.github.influence4j.api.ExampleSource;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;

/**
 * Makes examples of the rows of a partition, in the JVM that computes with them.
 *
 * @param <R> type of a row
 * @param <E> the host's type of an example
 */
@FunctionalInterface
public interface PartitionReader<R, E> extends Serializable {

    /**
     * Makes the examples of a partition.
     *
     * @param rows all rows of the partition, at least one
     * @return the examples, with ids that no other partition has
     * @throws IOException if files cannot be read
     */
    ExampleSource<E> read(List<R> rows) throws IOException;
}
