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
 * @param sampledRows one for each damping, of EK-FAC fitted with one sampled label an example
 * @param truths how exactly the truth was found, by damping, over all seeds
 * @param closeness of K-FAC and EK-FAC to the exact blocks, which both approximate; means over the seeds
 * @param cgDistance largest difference of CG's scores to the exact ones, relative to the largest of the query, λ = 0.01
 * @param preconditionedCgPearson mean correlation of preconditioned CG with the truth, λ = 0.01
 * @param cost what EK-FAC and LiSSA cost
 * @param lissa how LiSSA's options were chosen, for each damping
 * @param divergences estimators that diverged, and how often
 * @param removals what leaving out helpful examples does; empty where that was left out
 * @param mislabelled how wrong labels were found; empty for regression
 */
public record BedResult(
        String dataset,
        String source,
        int train,
        long parameters,
        double testLoss,
        List<ValidationRow> rows,
        List<ValidationRow> sampledRows,
        List<Truth> truths,
        List<Closeness> closeness,
        double cgDistance,
        double preconditionedCgPearson,
        Cost cost,
        List<Lissa> lissa,
        Map<String, Integer> divergences,
        List<Removal> removals,
        List<Mislabelled> mislabelled) {

    /**
     * The choice of LiSSA's options: Pearson with the exact solution for queries that are in no table, first network.
     *
     * @param damping in words
     * @param tried what was tried and how it did, what was taken first; empty where the defaults were taken
     */
    public record Lissa(String damping, List<String> tried) {}

    /**
     * What leaving out training examples does to the queries they were chosen for.
     *
     * @param chosenBy the estimator that called them most helpful
     * @param share share of the training set that was left out
     * @param queries number of queries
     * @param rise mean rise of the query's loss over that of training with everything
     * @param se its standard error over the queries
     */
    public record Removal(String chosenBy, double share, int queries, double rise, double se) {}

    /**
     * How many of the wrong labels a ranking finds.
     *
     * @param ranking what it is by
     * @param flipped share of the labels that are wrong
     * @param inspected share of the ranking that is looked at, from the top
     * @param found share of the wrong labels in it, mean over the seeds
     * @param se its standard error over the seeds
     */
    public record Mislabelled(String ranking, double flipped, double inspected, double found, double se) {}

    /**
     * How close an estimator comes to the exact blocks.
     *
     * @param damping in words
     * @param estimator which one
     * @param distance how close
     */
    public record Closeness(String damping, String estimator, BlockDistance distance) {}

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
     * @param ekfacFitFlops of the fit with one sampled label an example, the library's default, by the planner
     * @param ekfacQueryFlops of the queries and the pass over the training set that scores it for them, by the planner
     * @param exactHessianFitFlops of the fit with the exact output Hessian, by the planner
     * @param lissaFlops of the recursion, counted
     * @param ekfacFitMillis time of the fit, sampled labels
     * @param ekfacQueryMillis time of the queries
     * @param lissaMillis time of LiSSA
     */
    public record Cost(
            int queries,
            double ekfacFitFlops,
            double ekfacQueryFlops,
            double exactHessianFitFlops,
            double lissaFlops,
            double ekfacFitMillis,
            double ekfacQueryMillis,
            double lissaMillis) {

        /**
         * Returns what EK-FAC takes in all.
         *
         * @return flops of fit and queries
         */
        public double ekfacFlops() {
            return ekfacFitFlops + ekfacQueryFlops;
        }

        /**
         * Returns how many times fewer flops EK-FAC takes.
         *
         * @return the ratio
         */
        public double flopRatio() {
            return lissaFlops / ekfacFlops();
        }

        /**
         * Returns how many times fewer flops EK-FAC takes when it is fitted with the exact output Hessian.
         *
         * @return the ratio
         */
        public double exactHessianFlopRatio() {
            return lissaFlops / (exactHessianFitFlops + ekfacQueryFlops);
        }

        /**
         * Returns the number of queries from which EK-FAC takes less time.
         *
         * @return at least 1; infinite if it never does
         */
        public double breakEvenQueries() {
            return breakEven(ekfacFitMillis, lissaMillis - ekfacQueryMillis);
        }

        /**
         * Returns the number of queries from which EK-FAC takes fewer flops.
         *
         * @return at least 1; infinite if it never does
         */
        public double breakEvenQueriesByFlops() {
            return breakEven(ekfacFitFlops, lissaFlops - ekfacQueryFlops);
        }

        /** Both methods are taken to cost in proportion to the queries, the fit once. */
        private double breakEven(double fit, double savedByQueries) {
            double saved = savedByQueries / queries;
            return saved > 0 ? Math.max(1, Math.ceil(fit / saved)) : Double.POSITIVE_INFINITY;
        }
    }

    /** Copies the collections. */
    public BedResult {
        rows = List.copyOf(rows);
        sampledRows = List.copyOf(sampledRows);
        truths = List.copyOf(truths);
        closeness = List.copyOf(closeness);
        lissa = List.copyOf(lissa);
        removals = List.copyOf(removals);
        mislabelled = List.copyOf(mislabelled);
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
