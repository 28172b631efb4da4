package io.github.influence4j.store.internal;

import io.github.influence4j.store.PartedData;
import java.util.Arrays;

/** Labels and scores are kept by id: a pass compares the ids of a part, this those of all parts. */
public final class DistinctIds {

    private DistinctIds() {}

    /**
     * Checks that no id occurs twice. Costs a sort, and 8 bytes an example for the while.
     *
     * @param data the data set
     * @throws IllegalArgumentException if one does, naming it
     */
    public static void require(PartedData<?> data) {
        require(data.ids());
    }

    /**
     * Checks that no id occurs twice.
     *
     * @param ids the ids of a data set; sorted by this
     * @throws IllegalArgumentException if one does, naming it
     */
    public static void require(long[] ids) {
        Arrays.sort(ids);
        for (int k = 1; k < ids.length; k++) {
            if (ids[k] == ids[k - 1]) {
                throw new IllegalArgumentException("the data set has two examples with id " + ids[k]
                        + "; labels and scores are kept by id, so each example of all parts needs one of its own");
            }
        }
    }
}
