package io.github.influence4j.store;

import io.github.influence4j.api.ExampleSource;
import java.nio.file.Path;
import java.util.List;

/**
 * A data set in files that is worked through in parts, each of which is kept when it is done, so that a run can be taken up again.
 *
 * @param <E> the host's type of an example
 */
public interface PartedData<E> extends ExampleSource<E> {

    /**
     * Returns the parts, always the same.
     *
     * @return views of this data set, in its order, that together have its examples
     */
    List<? extends PartedData<E>> shards();

    /**
     * Returns the ids of all examples.
     *
     * @return a copy
     */
    long[] ids();

    /**
     * Lists the files that the examples are made of, by whose names, sizes and times a run knows its data again.
     *
     * @return the files
     */
    List<Path> files();

    /**
     * Says what else decides what the examples are, such as a length that they are cut to.
     *
     * @return the settings in words; empty if there are none
     */
    default String settings() {
        return "";
    }
}
