package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.ExampleSource;

/**
 * A source that goes through a data set several times, so that ids come again.
 *
 * @param <E> the type of an example
 */
public interface RepeatedSource<E> extends ExampleSource<E> {

    /**
     * Returns how often the data set is gone through.
     *
     * @return at least 1; the size is a multiple of it
     */
    int repetitions();
}
