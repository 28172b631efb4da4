package io.github.influence4j.api;

import java.util.OptionalDouble;

/**
 * A fitted estimator with its damping: scores training examples for queries.
 *
 * <p>Scores are positive where the training example helps, and per unit of weight: {@code scores.times(1.0 / n)} is the change
 * that one more copy makes. It is closed with the {@link FittedEstimator} it came from; closing it before only frees its
 * memory sooner.
 *
 * @param <E> the host's type of an example
 */
public interface Scoring<E> extends AutoCloseable {

    /**
     * Scores every training example for every query.
     *
     * @param queries what the model did: their gradients are those of {@link Objective.Measurement}
     * @param train the training examples: their gradients are those of {@link Objective.TrainingLoss}
     * @return scores, [queries, train]
     * @throws IllegalArgumentException if a data set is empty or a capture does not fit
     * @throws NumericalException if a capture or a score is NaN or infinite, or the estimator diverges
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    InfluenceScores pairwise(ExampleSource<E> queries, ExampleSource<E> train);

    /**
     * Scores every training example for its own loss.
     *
     * @param train the training examples
     * @return one score for each training example
     * @throws IllegalArgumentException if the data set is empty or a capture does not fit
     * @throws NumericalException if a capture or a score is NaN or infinite, or the estimator diverges
     * @throws UnsupportedOperationException if the estimator has no such score
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    SelfInfluence selfInfluence(ExampleSource<E> train);

    /**
     * Finds the most helpful and the most harmful training examples of every query. Estimators that stream keep no other
     * scores, so that memory does not grow with the training set.
     *
     * @param queries the queries
     * @param train the training examples
     * @param k how many of each
     * @return the k highest and the k lowest scores of each query
     * @throws IllegalArgumentException if k is not positive, a data set is empty, or a capture does not fit
     * @throws NumericalException if a capture or a score is NaN or infinite, or the estimator diverges
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    default TopInfluences topK(ExampleSource<E> queries, ExampleSource<E> train, int k) {
        return TopInfluences.of(pairwise(queries, train), k);
    }

    /**
     * Returns the flops of solving so far, for all queries together.
     *
     * @return empty where the estimator does not count them
     */
    default OptionalDouble solveFlops() {
        return OptionalDouble.empty();
    }

    /**
     * Returns what must stay in memory from the fit to the last query, without model and data.
     *
     * @param queries number of queries that are scored together
     * @return bytes; empty where the estimator does not count them
     */
    default OptionalDouble heldBytes(int queries) {
        return OptionalDouble.empty();
    }

    @Override
    void close();
}
