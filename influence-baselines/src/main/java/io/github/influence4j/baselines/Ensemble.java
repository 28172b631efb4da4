package io.github.influence4j.baselines;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.FittedEstimator;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.ProgressListener;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/**
 * Scores averaged over models that were trained independently (from other seeds, or on other subsets) for the same task.
 *
 * <p>What single trainings have in common stays, what is peculiar to one averages out: against retraining an average predicts
 * better than any of its members. Costs one fit and one scoring pass for each model; holds one fitted estimator at a time. Not
 * for use by several threads.
 *
 * @param <E> the host's type of an example
 */
public final class Ensemble<E> {

    private final List<Fit<E>> members;

    private Ensemble(List<Fit<E>> members) {
        this.members = members;
    }

    private interface Fit<E> {
        FittedEstimator<E> fit(ProgressListener progress);
    }

    /**
     * Prepares an ensemble.
     *
     * @param <E> the host's type of an example
     * @param <M> the type of the models
     * @param models at least one; they stay open while the ensemble is in use
     * @param fit fits an estimator to a model, and tells the listener how far the work has come
     * @return the ensemble
     * @throws IllegalArgumentException if there is no model
     */
    public static <E, M> Ensemble<E> of(
            List<? extends M> models,
            BiFunction<? super M, ? super ProgressListener, ? extends FittedEstimator<E>> fit) {
        if (models.isEmpty()) {
            throw new IllegalArgumentException("an ensemble needs at least one model");
        }
        List<Fit<E>> members = new ArrayList<>();
        for (M model : models) {
            members.add(progress -> fit.apply(model, progress));
        }
        return new Ensemble<>(members);
    }

    /**
     * Scores every training example for every query by each model and averages. Parts per layer and token are not kept.
     *
     * @param damping is resolved for each model by its own estimator
     * @param queries the queries
     * @param train the training set
     * @param progress is told how far the work has come
     * @return the mean scores, [queries, train]
     * @throws IllegalArgumentException if a data set is empty, or it gives other ids from pass to pass
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    public InfluenceScores pairwise(
            Damping damping, ExampleSource<E> queries, ExampleSource<E> train, ProgressListener progress) {
        List<InfluenceScores> scores = new ArrayList<>();
        for (Fit<E> member : members) {
            String suffix = ", model " + (scores.size() + 1) + " of " + members.size();
            try (FittedEstimator<E> fitted =
                    member.fit((stage, done, total) -> progress.progress(stage + suffix, done, total))) {
                scores.add(fitted.damped(damping).pairwise(queries, train));
            }
        }
        return InfluenceScores.average(scores);
    }
}
