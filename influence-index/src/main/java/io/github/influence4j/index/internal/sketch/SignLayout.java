package io.github.influence4j.index.internal.sketch;

import java.util.List;

/** What the signs and scales of a row are of. */
public interface SignLayout {

    /**
     * Returns the cells.
     *
     * @return in the order of their scales
     */
    List<? extends SignCell> cells();

    /**
     * Returns the size of a row.
     *
     * @return its numbers of scales and words
     */
    RowShape shape();
}
