package io.github.influence4j.ekfac;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Scoring;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.OptionalDouble;

/**
 * A fitted curvature with its damping: scores are Σ_ℓ ⟨(G_ℓ+λ_ℓI)⁻¹∇m_q, ∇L_z⟩ for a query's measurement m_q.
 *
 * <p>The training set streams through, one batch of one layer in memory at a time; preconditioned queries stay. Closed with
 * the {@link FittedCurvature} it came from. Source: Grosse et al. 2023, Eq. 12 and 24, with the sign for objectives that are
 * lowered.
 *
 * @param <E> the host's type of an example
 */
public final class CurvatureScoring<E> implements Scoring<E> {

    private final FittedCurvature<E> parent;
    private final MatrixBackend backend;
    private final GradientProvider<E> model;
    private final IhvpSolver solver;
    private final ScoreOptions options;
    private final ProgressListener progress;

    CurvatureScoring(
            FittedCurvature<E> parent,
            MatrixBackend backend,
            GradientProvider<E> model,
            IhvpSolver solver,
            ProgressListener progress) {
        this(parent, backend, model, solver, ScoreOptions.defaults(), progress);
    }

    private CurvatureScoring(
            FittedCurvature<E> parent,
            MatrixBackend backend,
            GradientProvider<E> model,
            IhvpSolver solver,
            ScoreOptions options,
            ProgressListener progress) {
        this.parent = parent;
        this.backend = backend;
        this.model = model;
        this.solver = solver;
        this.options = options;
        this.progress = progress;
    }

    /**
     * Changes what is computed: scores per layer or token, queries cut to a rank, batch sizes, memory.
     *
     * @param value the options
     * @return the same solver with these options
     */
    public CurvatureScoring<E> with(ScoreOptions value) {
        return new CurvatureScoring<>(parent, backend, model, solver, value, progress);
    }

    @Override
    public InfluenceScores pairwise(ExampleSource<E> queries, ExampleSource<E> train) {
        return scorer().pairwise(solver, queries, train);
    }

    /**
     * {@inheritDoc}
     *
     * <p>Has parts by layer where the options ask for them. Parts by token, and a rank, are of queries: they change nothing here.
     */
    @Override
    public SelfInfluence selfInfluence(ExampleSource<E> train) {
        return scorer().self(solver, train);
    }

    @Override
    public TopInfluences topK(ExampleSource<E> queries, ExampleSource<E> train, int k) {
        return scorer().topK(solver, queries, train, k);
    }

    /**
     * Scores the candidates of a top-k pass again, with whole query gradients whatever the rank of the options, and ranks them
     * by that: what a rank left out in the first pass is put right without another pass over the training set. What the first
     * pass did not find cannot come back, so let it find a few times as many as are wanted. Parts by layer or token are added to what is
     * returned where the options ask for them.
     *
     * @param queries the queries of the first pass
     * @param train the training set of the first pass; one that finds examples by their id ({@link ExampleSource#select}) reads
     *     no others
     * @param candidates result of {@link #topK}
     * @param k how many of the candidates of each query are returned, at most
     * @return the k highest of the helpful and the k lowest of the harmful candidates, with their full-rank scores
     * @throws IllegalArgumentException if k is not positive, the queries are not those of the candidates, or a candidate is not
     *     in the training set
     */
    public TopInfluences rescore(ExampleSource<E> queries, ExampleSource<E> train, TopInfluences candidates, int k) {
        return scorer().rescore(solver, queries, train, candidates, k);
    }

    /**
     * Returns the solver behind the scores, v ↦ (G+λI)⁻¹v.
     *
     * @return the solver, still owned by the fitted curvature
     */
    public IhvpSolver solver() {
        return solver;
    }

    @Override
    public OptionalDouble solveFlops() {
        return solver.solveFlops();
    }

    @Override
    public OptionalDouble heldBytes(int queries) {
        return solver.heldBytes(queries);
    }

    private InfluenceScorer<E> scorer() {
        return new InfluenceScorer<>(backend, model, options, progress);
    }

    @Override
    public void close() {
        parent.close(solver);
    }
}
