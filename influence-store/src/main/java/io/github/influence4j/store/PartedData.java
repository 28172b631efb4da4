package io.github.influence4j.store;

import io.github.influence4j.api.ExampleSource;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * A data set in files that is worked through in parts, each of which is kept when it is done, so that a run can be taken up again.
 *
 * @param <E> the host's type of an example
 */
public interface PartedData<E> extends ExampleSource<E> {

    /**
     * Divides examples in memory. Their ids are their places.
     *
     * @param <E> the host's type of an example
     * @param name tells these examples from others when a run is taken up: give another one where the examples are others
     * @param examples the examples; not copied
     * @param each examples of a part
     * @return the data set
     * @throws IllegalArgumentException if there are no examples, or parts would be empty
     */
    static <E> PartedData<E> of(String name, List<E> examples, int each) {
        return new ListParts<>(name, examples, 0, each);
    }

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

    /**
     * Returns the number of examples of what this was selected from, which a model was trained on; n of a score per copy.
     *
     * @return its own size, unless {@link #only} made it
     */
    default long wholeSize() {
        return size();
    }

    /**
     * Returns some of the examples, in the order and the parts of this data set; their scores are those that they have in the whole.
     *
     * @param wanted ids of examples
     * @return the selection
     * @throws IllegalArgumentException if there are none, or one is not in the data set
     */
    default PartedData<E> only(Set<Long> wanted) {
        Set<Long> missing = new TreeSet<>(wanted);
        for (long id : ids()) {
            missing.remove(id);
        }
        if (wanted.isEmpty() || !missing.isEmpty()) {
            throw new IllegalArgumentException(
                    wanted.isEmpty()
                            ? "no example was selected"
                            : missing.size() + " of the " + wanted.size() + " examples that were selected are not in "
                                    + (files().isEmpty() ? settings() : files().get(0)) + ", such as that with id "
                                    + missing.iterator().next());
        }
        return new SelectedParts<>(this, wanted);
    }
}
