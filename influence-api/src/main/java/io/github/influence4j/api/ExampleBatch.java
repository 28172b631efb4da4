package io.github.influence4j.api;

import java.util.Arrays;
import java.util.List;

/**
 * Some examples of a data set, with their ids.
 *
 * @param <E> the host's type of an example
 * @param examples n examples
 * @param ids n ids, stable over the life of the data set; not copied, not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // ids of a batch are looked at in inner loops and never compared as a whole
public record ExampleBatch<E>(List<E> examples, long[] ids) {

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if the batch is empty, an example is null, or the number of ids is not the number of examples
     */
    public ExampleBatch {
        if (examples.isEmpty()) {
            throw new IllegalArgumentException("a batch needs at least one example");
        }
        if (examples.size() != ids.length) {
            throw new IllegalArgumentException(examples.size() + " examples with " + ids.length + " ids");
        }
        for (int e = 0; e < ids.length; e++) {
            if (examples.get(e) == null) {
                throw new IllegalArgumentException("the example with id " + ids[e] + " is null");
            }
        }
    }

    /**
     * Returns n.
     *
     * @return the number of examples
     */
    public int size() {
        return ids.length;
    }

    /**
     * Returns some neighbours of the batch.
     *
     * @param first index of the first
     * @param count how many, at least 1
     * @return a batch of its own; this one if it is the whole
     * @throws IndexOutOfBoundsException if the batch has no such examples
     */
    public ExampleBatch<E> part(int first, int count) {
        if (first == 0 && count == size()) {
            return this;
        }
        return new ExampleBatch<>(
                examples.subList(first, first + count), Arrays.copyOfRange(ids, first, first + count));
    }
}
