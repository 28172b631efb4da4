package io.github.influence4j.baselines.validation;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.FittedEstimator;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.Scoring;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An estimator that is fitted at its first use and kept for other dampings; the time of the fit is reported with each estimate.
 *
 * @param <E> the host's type of an example
 * @param <F> what is fitted
 */
public final class FittedOnce<E, F extends FittedEstimator<E>> implements Estimator {

    private static final double NANOS_PER_MILLI = 1e6;

    private final String name;
    private final Supplier<? extends F> fit;
    private final ExampleSource<E> queries;
    private final ExampleSource<E> train;
    private @Nullable F fitted;
    private double fitMillis;

    /**
     * Prepares an estimator.
     *
     * @param name reported
     * @param fit fits; called at most once
     * @param queries the queries
     * @param train the training examples to score
     */
    public FittedOnce(String name, Supplier<? extends F> fit, ExampleSource<E> queries, ExampleSource<E> train) {
        this.name = name;
        this.fit = fit;
        this.queries = queries;
        this.train = train;
    }

    @Override
    public String name() {
        return name;
    }

    /**
     * Returns what was fitted, fitting it where that has not been done.
     *
     * @return the fitted estimator, still owned by this object
     */
    public F fitted() {
        F made = fitted;
        if (made == null) {
            long start = System.nanoTime();
            made = fit.get();
            fitted = made;
            fitMillis = millisSince(start);
        }
        return made;
    }

    @Override
    public Estimate estimate(LayerDamping damping) {
        F made = fitted();
        long start = System.nanoTime();
        try (Scoring<E> scoring = made.damped(damping)) {
            double wholeFit = fitMillis + millisSince(start);
            start = System.nanoTime();
            InfluenceScores scores = scoring.pairwise(queries, train);
            double queryMillis = millisSince(start);
            double held = scoring.heldBytes(scores.queryIds().length).orElse(Double.NaN);
            return new Estimate(scores, wholeFit, queryMillis, held, scoring.solveFlops());
        }
    }

    private static double millisSince(long start) {
        return (System.nanoTime() - start) / NANOS_PER_MILLI;
    }

    @Override
    public void close() {
        if (fitted != null) {
            fitted.close();
        }
    }
}
