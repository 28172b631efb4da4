package io.github.influence4j.api;

import java.util.List;
import java.util.Set;

/**
 * A data set that can be gone through any number of times, always in the same order and with the same ids.
 *
 * @param <E> the host's type of an example
 */
public interface ExampleSource<E> {

    /**
     * Returns N.
     *
     * @return the number of examples
     */
    long size();

    /**
     * Goes through the data set in batches.
     *
     * <p>No two examples have the same id: labels are drawn and scores kept by it. Passes of this library refuse a source that
     * gives an id twice, more or fewer examples than {@link #size}, or a larger batch than was asked for.
     *
     * @param batchSize most examples of a batch; the last may hold fewer, and so may others where the data set has divisions of
     *     its own, such as files
     * @return the batches in the data set's fixed order
     * @throws IllegalArgumentException if {@code batchSize} is not positive
     */
    Iterable<ExampleBatch<E>> batches(int batchSize);

    /**
     * Returns some of the examples, in the order of this data set. A source that can find examples by their id should override
     * this: by default the whole data set is gone through for them, and the others are left out.
     *
     * @param ids which examples
     * @return the selection; it has as many examples as there are ids
     * @throws IllegalArgumentException if an id is not in the data set and the source knows that without going through it
     */
    default ExampleSource<E> select(Set<Long> ids) {
        return new SelectedSource<>(this, ids);
    }

    /**
     * Wraps a list; the ids are the indices 0, 1, 2, ….
     *
     * @param <E> the type of an example
     * @param examples the examples; not copied
     * @return the list as a source
     */
    static <E> ExampleSource<E> of(List<E> examples) {
        long[] ids = new long[examples.size()];
        for (int k = 0; k < ids.length; k++) {
            ids[k] = k;
        }
        return new ListSource<>(examples, ids);
    }

    /**
     * Wraps a list with ids of the host's own.
     *
     * @param <E> the type of an example
     * @param examples the examples; not copied
     * @param ids one id for each example; copied
     * @return the list as a source
     * @throws IllegalArgumentException if the lengths differ or an id occurs twice
     */
    static <E> ExampleSource<E> of(List<E> examples, long[] ids) {
        return new ListSource<>(examples, ids.clone());
    }
}
