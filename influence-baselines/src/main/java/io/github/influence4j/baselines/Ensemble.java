package io.github.influence4j.baselines;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.CurvatureApproximator;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.List;

/**
 * Scores averaged over models that were trained independently (from other seeds, or on other subsets) for the same task.
 *
 * <p>What single trainings have in common stays, what is peculiar to one averages out: against retraining an average predicts
 * better than any of its members. Costs one fit and one scoring pass for each model; holds one curvature at a time. Not for
 * use by several threads.
 *
 * @param <E> the host's type of an example
 * @param <P> the type of the models
 */
public final class Ensemble<E, P extends GradientProvider<E>> {

    private final MatrixBackend backend;
    private final CurvatureApproximator<E, ? super P> approximator;
    private final Damping damping;
    private final ScoreOptions options;

    /**
     * Prepares an ensemble.
     *
     * @param backend computes the scores
     * @param approximator is fitted to every model
     * @param damping is resolved for each model by its own curvature
     * @param options how to score; parts per layer and token are not kept
     */
    public Ensemble(
            MatrixBackend backend,
            CurvatureApproximator<E, ? super P> approximator,
            Damping damping,
            ScoreOptions options) {
        this.backend = backend;
        this.approximator = approximator;
        this.damping = damping;
        this.options = options;
    }

    /**
     * Scores every training example for every query by each model and averages.
     *
     * @param models at least one
     * @param queries the queries
     * @param train the training set
     * @param progress is told how far the work has come
     * @return the mean scores, [queries, train]
     * @throws IllegalArgumentException if there is no model, a data set is empty, or it gives other ids from pass to pass
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    public InfluenceScores pairwise(
            List<? extends P> models, ExampleSource<E> queries, ExampleSource<E> train, ProgressListener progress) {
        List<InfluenceScores> scores = new ArrayList<>();
        for (P model : models) {
            String suffix = ", model " + (scores.size() + 1) + " of " + models.size();
            ProgressListener named = (stage, done, total) -> progress.progress(stage + suffix, done, total);
            try (Curvature curvature = approximator.fit(model, train, named);
                    IhvpSolver solver = curvature.solver(damping)) {
                scores.add(new InfluenceScorer<>(backend, model, options, named).pairwise(solver, queries, train));
            }
        }
        return InfluenceScores.average(scores);
    }
}
