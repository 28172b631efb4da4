package io.github.influence4j.examples.validation;

import java.util.List;

/**
 * How much of the study is run.
 *
 * @param beds data sets with their networks
 * @param seeds networks trained on each
 * @param candidates training examples that are given more weight
 * @param queries test examples that are asked about
 * @param subsets random halves of the training set for the linear datamodelling score
 * @param repeats networks trained on each half, and on what is left where examples are left out
 * @param removalQueries queries whose most helpful examples are left out; 0 for none
 * @param tuneLissa whether LiSSA's batches, depth and scale are tuned on the first seed
 */
public record ValidationOptions(
        List<Bed> beds,
        int seeds,
        int candidates,
        int queries,
        int subsets,
        int repeats,
        int removalQueries,
        boolean tuneLissa) {

    /**
     * One data set, one network, a minute or two.
     *
     * @return the options
     */
    public static ValidationOptions quick() {
        return new ValidationOptions(List.of(Bed.DIABETES), 1, 20, 5, 10, 1, 2, false);
    }

    /**
     * All data sets, one network each: some minutes.
     *
     * @return the options
     */
    public static ValidationOptions usual() {
        return new ValidationOptions(List.of(Bed.CONCRETE, Bed.DIABETES, Bed.DIGITS), 1, 40, 10, 30, 2, 3, false);
    }

    /**
     * Everything: up to an hour on two cores.
     *
     * @return the options
     */
    public static ValidationOptions full() {
        return new ValidationOptions(List.of(Bed.values()), 3, 100, 10, 100, 4, 5, true);
    }

    /**
     * Leaves all data sets out but some. What is finished is kept for runs with more of them.
     *
     * @param names starts of the names of data sets, such as {@code diabetes} or {@code concrete 64}
     * @return new options
     * @throws IllegalArgumentException if a name is not that of a data set of these options
     */
    public ValidationOptions withOnly(List<String> names) {
        for (String name : names) {
            if (beds.stream().noneMatch(bed -> bed.title().startsWith(name))) {
                throw new IllegalArgumentException("no data set " + name + " among "
                        + beds.stream().map(Bed::title).toList());
            }
        }
        List<Bed> some = beds.stream()
                .filter(bed -> names.stream().anyMatch(bed.title()::startsWith))
                .toList();
        return withBeds(some);
    }

    private ValidationOptions withBeds(List<Bed> value) {
        return new ValidationOptions(value, seeds, candidates, queries, subsets, repeats, removalQueries, tuneLissa);
    }

    /** What was asked of one data set, whichever others there were. */
    String ofOneBed() {
        return withBeds(List.of()).toString();
    }
}
