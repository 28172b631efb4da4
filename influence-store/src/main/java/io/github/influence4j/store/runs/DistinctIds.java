package io.github.influence4j.store.runs;

import io.github.influence4j.store.PartedData;
import java.util.Arrays;

/** Labels and scores are kept by id: a pass compares the ids of a part, this those of all parts. */
final class DistinctIds {

    private DistinctIds() {}

    /**
     * Checks that no id occurs twice. Costs a sort, and 8 bytes an example for the while.
     *
     * @throws IllegalArgumentException if one does, naming it
     */
    static void require(PartedData<?> data) {
        long[] sorted = data.ids();
        Arrays.sort(sorted);
        for (int k = 1; k < sorted.length; k++) {
            if (sorted[k] == sorted[k - 1]) {
                throw new IllegalArgumentException("the data set has two examples with id " + sorted[k]
                        + "; labels and scores are kept by id, so each example of all parts needs one of its own");
            }
        }
    }
}
