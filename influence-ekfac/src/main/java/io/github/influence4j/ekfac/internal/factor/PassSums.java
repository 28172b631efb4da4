package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.Matrix;
import java.util.Map;
import java.util.function.Function;

/** What a pass over the data adds up, part of the data by part: it can be put aside after a part and taken up again. */
public interface PassSums extends CapturePass.Consumer, AutoCloseable {

    /**
     * Ends a part of the data.
     *
     * @return everything that was added up so far, by names that differ; valid until something is added
     */
    Map<String, Matrix> settle();

    /**
     * Goes on where {@link #settle} ended, before anything was added.
     *
     * @param kept gives back, by its name, what was returned there
     */
    void restore(Function<String, Matrix> kept);

    @Override
    void close();
}
