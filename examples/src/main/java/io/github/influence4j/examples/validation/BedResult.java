package io.github.influence4j.examples.validation;

import java.util.List;
import java.util.Map;

/**
 * What was found on one data set.
 *
 * @param dataset the data set and its network
 * @param source the data set alone
 * @param train training examples
 * @param parameters weights and biases
 * @param testLoss mean loss of the test examples, over the seeds
 * @param rows one for each damping and estimator
 * @param truths how exactly the truth was found, by damping, over all seeds
 * @param cgDistance largest difference of CG's scores to the exact ones, relative to the largest of the query, λ = 0.01
 * @param preconditionedCgPearson mean correlation of preconditioned CG with the truth, λ = 0.01
 * @param cost what EK-FAC and LiSSA cost
 * @param lissa the options that LiSSA ran with, in words
 * @param lissaTried what was tried to tune them
 * @param divergences estimators that diverged, and how often
 */
public record BedResult(
        String dataset,
        String source,
        int train,
        long parameters,
        double testLoss,
        List<ValidationRow> rows,
        List<Truth> truths,
        double cgDistance,
        double preconditionedCgPearson,
        Cost cost,
        String lissa,
        List<String> lissaTried,
        Map<String, Integer> divergences) {

    /**
     * How exactly the truth was found.
     *
     * @param damping in words
     * @param medianResidual of the searches, relative to the start
     * @param largestResidual of any search
     * @param converged searches that reached the tolerance
     * @param searches all
     */
    public record Truth(String damping, double medianResidual, double largestResidual, int converged, int searches) {}

    /**
     * What EK-FAC and LiSSA with depth N cost for the study's queries, all at once, λ = 0.01, first seed.
     *
     * @param queries number of queries
     * @param ekfacFlops of the fit and the queries, by the planner
     * @param lissaFlops of the recursion, counted
     * @param ekfacFitMillis time of the fit
     * @param ekfacQueryMillis time of the queries
     * @param lissaMillis time of LiSSA
     */
    public record Cost(
            int queries,
            double ekfacFlops,
            double lissaFlops,
            double ekfacFitMillis,
            double ekfacQueryMillis,
            double lissaMillis) {

        /**
         * Returns how many times fewer flops EK-FAC takes.
         *
         * @return the ratio
         */
        public double flopRatio() {
            return lissaFlops / ekfacFlops;
        }

        /**
         * Returns the number of queries from which EK-FAC takes less time.
         *
         * @return at least 1; infinite if it never does
         */
        public double breakEvenQueries() {
            double saved = (lissaMillis - ekfacQueryMillis) / queries;
            return saved > 0 ? Math.max(1, Math.ceil(ekfacFitMillis / saved)) : Double.POSITIVE_INFINITY;
        }
    }

    /** Copies the collections. */
    public BedResult {
        rows = List.copyOf(rows);
        truths = List.copyOf(truths);
        lissaTried = List.copyOf(lissaTried);
        divergences = Map.copyOf(divergences);
    }

    /**
     * Finds a row.
     *
     * @param damping kind of the damping
     * @param lambda its value
     * @param estimator name of the estimator
     * @return the row
     * @throws IllegalArgumentException if there is none
     */
    public ValidationRow row(String damping, double lambda, String estimator) {
        return rows.stream()
                .filter(row -> row.damping().equals(damping)
                        && row.lambda() == lambda
                        && row.estimator().equals(estimator))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        dataset + ": no row for " + estimator + " at " + damping + " " + lambda));
    }
}
