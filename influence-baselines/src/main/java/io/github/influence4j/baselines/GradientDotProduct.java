package io.github.influence4j.baselines;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;

/**
 * The inner product of gradients as a score, ⟨∇m_q, ∇L_z⟩: influence with the identity for a curvature (the TracIn of one
 * checkpoint, Pruthi et al. 2020).
 *
 * <p>A short way to {@link InfluenceScorer} with {@link Strategy#IDENTITY}; nothing is fitted. Not for use by several threads.
 *
 * @param <E> the host's type of an example
 */
public final class GradientDotProduct<E> {

    private final MatrixBackend backend;
    private final ScoreOptions options;
    private final ProgressListener progress;

    /**
     * Prepares scoring.
     *
     * @param backend computes
     * @param options what to compute
     * @param progress is told how far the work has come
     */
    public GradientDotProduct(MatrixBackend backend, ScoreOptions options, ProgressListener progress) {
        this.backend = backend;
        this.options = options;
        this.progress = progress;
    }

    /**
     * Prepares scoring with the defaults.
     *
     * @param backend computes
     */
    public GradientDotProduct(MatrixBackend backend) {
        this(backend, ScoreOptions.defaults(), ProgressListener.silent());
    }

    /**
     * Scores every training example for every query.
     *
     * @param model the model
     * @param queries the queries; their gradients are those of the measurement
     * @param train the training set
     * @return scores, [queries, train]; positive where a step on the training example lowers the query's loss
     * @throws IllegalArgumentException if a data set is empty or a capture does not fit
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    public InfluenceScores pairwise(GradientProvider<E> model, ExampleSource<E> queries, ExampleSource<E> train) {
        try (EigenbasisCurvature identity = identity(model, train);
                IhvpSolver solver = identity.solver(Damping.absolute(0))) {
            return new InfluenceScorer<>(backend, model, options, progress).pairwise(solver, queries, train);
        }
    }

    /**
     * Computes the squared norm of every training example's gradient.
     *
     * @param model the model
     * @param train the training set
     * @return ‖∇L_z‖², and the part of each layer where the options ask for it
     * @throws IllegalArgumentException if the data set is empty or a capture does not fit
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    public SelfInfluence squaredNorms(GradientProvider<E> model, ExampleSource<E> train) {
        try (EigenbasisCurvature identity = identity(model, train);
                IhvpSolver solver = identity.solver(Damping.absolute(0))) {
            return new InfluenceScorer<>(backend, model, options, progress).self(solver, train);
        }
    }

    private EigenbasisCurvature identity(GradientProvider<E> model, ExampleSource<E> train) {
        FitOptions identity = FitOptions.defaults().withStrategy(Strategy.IDENTITY);
        return EigenbasisApproximator.<E>of(backend, identity).fit(model, train);
    }
}
