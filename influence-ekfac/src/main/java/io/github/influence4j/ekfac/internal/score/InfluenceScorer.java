package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.ModelFingerprint;
import io.github.influence4j.ekfac.internal.factor.SourceCheck;
import io.github.influence4j.ekfac.internal.factor.WantOfMemory;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.QueryRank;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import java.time.Duration;
import java.util.List;

/**
 * Scores training examples: how much each one influences the queries, or itself.
 *
 * <p>The training set streams through, one batch of one layer in memory at a time; preconditioned queries stay. Works with
 * every {@link IhvpSolver}, and stays in the backend's memory with an {@link EigenbasisSolver}.
 *
 * <p>Scores are Σ_ℓ ⟨(G_ℓ+λ_ℓI)⁻¹∇m_q, ∇L_z⟩ for a query's measurement m_q: positive where the training example helps (paper,
 * Eq. 12 and 24, with the sign for objectives that are lowered). Not for use by several threads.
 *
 * @param <E> the host's type of an example
 */
public final class InfluenceScorer<E> {

    private final MatrixBackend backend;
    private final GradientProvider<E> model;
    private final ScoreOptions options;
    private final ScoringWays ways;
    private final ProgressListener progress;

    /**
     * Prepares scoring.
     *
     * @param backend computes; must be the one that the solvers were made with
     * @param model the model at the same weights as when the curvature was fitted
     * @param options what to compute
     * @param progress is told how far the work has come
     */
    public InfluenceScorer(
            MatrixBackend backend, GradientProvider<E> model, ScoreOptions options, ProgressListener progress) {
        this(backend, model, options, ScoringWays.CHEAPEST, progress);
    }

    private InfluenceScorer(
            MatrixBackend backend,
            GradientProvider<E> model,
            ScoreOptions options,
            ScoringWays ways,
            ProgressListener progress) {
        this.backend = backend;
        this.model = model;
        this.options = options;
        this.ways = ways;
        this.progress = progress;
    }

    /**
     * Prepares scoring with the defaults.
     *
     * @param backend computes; must be the one that the solvers were made with
     * @param model the model at the same weights as when the curvature was fitted
     */
    public InfluenceScorer(MatrixBackend backend, GradientProvider<E> model) {
        this(backend, model, ScoreOptions.defaults(), ProgressListener.silent());
    }

    /**
     * Scores every training example for every query. The queries' gradients are those of {@link Objective.Measurement},
     * the training examples' those of {@link Objective.TrainingLoss}.
     *
     * @param solver the inverse curvature
     * @param queries the queries
     * @param train the training set
     * @return scores, [queries, train]
     * @throws IllegalArgumentException if a data set is empty, the solver is for other layers, or a capture does not fit
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    public InfluenceScores pairwise(IhvpSolver solver, ExampleSource<E> queries, ExampleSource<E> train) {
        return score(solver, queries, train, ScoreResult.all());
    }

    private <R> R score(IhvpSolver solver, ExampleSource<E> queries, ExampleSource<E> train, ScoreResult<R> result) {
        long start = System.nanoTime();
        try (PairwiseRun<E> run = run(new WholeSolver(solver), queries)) {
            return run.score(train, result, finished -> provenance(solver.provenance(), start, finished));
        }
    }

    /**
     * Forces ways that are not the cheapest; for tests and measurements.
     *
     * @param value the ways
     * @return the same otherwise
     */
    public InfluenceScorer<E> taking(ScoringWays value) {
        return new InfluenceScorer<>(backend, model, options, value, progress);
    }

    private PairwiseRun<E> run(SolverGroups solvers, ExampleSource<E> queries) {
        return new PairwiseRun<>(backend, model, solvers, queries, options, ways, progress);
    }

    /**
     * Scores a training set part by part, leaving out what was finished before. Queries are preconditioned once for all parts
     * of a pass. Which queries share a pass, and how they are scored, follows from the options' memory limit: set one, so that
     * it does not change from run to run.
     *
     * @param <R> type of a part's result
     * @param solvers the inverse curvature
     * @param queries the queries
     * @param parts the training set, in parts
     * @param result what becomes of the scores of a part
     * @param kept says what is finished, and takes what gets finished
     * @throws IllegalArgumentException if a data set is empty, the solver is for other layers, or a capture does not fit
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    public <R> void scoreParts(
            SolverGroups solvers,
            ExampleSource<E> queries,
            List<? extends ExampleSource<E>> parts,
            ScoreResult<R> result,
            KeptScores<R> kept) {
        long start = System.nanoTime();
        try (PairwiseRun<E> run = run(solvers, queries)) {
            run.score(parts, result, kept, now -> provenance(solvers.provenance(), start, now));
        }
    }

    /**
     * Preconditions queries and scores nothing, for {@link #scoreParts} elsewhere.
     *
     * @param solvers the inverse curvature
     * @param queries the queries
     * @param kept takes the queries of each pass
     * @return how they were made
     * @throws IllegalArgumentException if there are no queries, the solver is for other layers, or a capture does not fit
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number
     */
    public Provenance prepare(SolverGroups solvers, ExampleSource<E> queries, KeptScores<?> kept) {
        long start = System.nanoTime();
        try (PairwiseRun<E> run = run(solvers, queries)) {
            run.prepare(kept);
            return provenance(solvers.provenance(), start, run);
        }
    }

    /**
     * Finds the most helpful and the most harmful training examples of every query, without keeping the other scores:
     * memory does not grow with the training set. Where the options ask for parts per layer or token, a second pass scores what
     * was kept with them.
     *
     * @param solver the inverse curvature
     * @param queries the queries
     * @param train the training set
     * @param k how many of each
     * @return the k highest and the k lowest scores of each query
     * @throws IllegalArgumentException if k is not positive, a data set is empty, the solver is for other layers, no layer runs
     *     at the tokens that were asked for, or a capture does not fit
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     * @see #rescore
     */
    public TopInfluences topK(IhvpSolver solver, ExampleSource<E> queries, ExampleSource<E> train, int k) {
        TopInfluences top = score(solver, queries, train, ScoreResult.top(k));
        return withParts(top, this, solver, queries, train);
    }

    private TopInfluences withParts(
            TopInfluences top,
            InfluenceScorer<E> scorer,
            IhvpSolver solver,
            ExampleSource<E> queries,
            ExampleSource<E> train) {
        return TopParts.wantedBy(options)
                ? TopParts.added(
                        top, (asked, kept) -> scorer.pairwise(solver, queries.select(asked), train.select(kept)))
                : top;
    }

    private InfluenceScorer<E> with(ScoreOptions value) {
        return new InfluenceScorer<>(backend, model, value, ways, progress);
    }

    /**
     * Scores the candidates of a top-k pass again, with whole query gradients whatever the rank of the options, and ranks them by
     * that: what a rank left out in the first pass is put right without another pass over the training set. The paper's authors
     * do so with the best 100 or so. Costs what {@link #pairwise} costs over the candidates of all queries, at most 2kQ
     * examples, and as many scores for each query; only they are captured, and a source that finds examples by their id
     * ({@link ExampleSource#select}) reads no others.
     *
     * <p>What the first pass did not find cannot come back, so let it find a few times as many as are wanted. Where the options ask
     * for parts per layer or token, what is returned has them, as in {@link #topK}.
     *
     * @param solver the inverse curvature
     * @param queries the queries of the first pass
     * @param train the training set of the first pass
     * @param candidates result of {@link #topK}
     * @param k how many of the candidates of each query are returned, at most; not more than the first pass found
     * @return the k highest of the helpful and the k lowest of the harmful candidates, with their full-rank scores
     * @throws IllegalArgumentException if k is not positive, the queries are not those of the candidates, a candidate is not in
     *     the training set, the solver is for other layers, or a capture does not fit
     */
    public TopInfluences rescore(
            IhvpSolver solver, ExampleSource<E> queries, ExampleSource<E> train, TopInfluences candidates, int k) {
        if (k < 1) {
            throw new IllegalArgumentException("k must be positive, found " + k);
        }
        ExampleSource<E> few = train.select(Candidates.ids(candidates));
        ScoreOptions parts = options.withFullRank();
        InfluenceScores totals =
                with(parts.withPerLayer(false).withPerToken(false)).pairwise(solver, queries, few);
        return withParts(Candidates.ranked(candidates, totals, k), with(parts), solver, queries, train);
    }

    private Provenance provenance(Provenance curvature, long start, PairwiseRun<E> run) {
        Provenance provenance = since(start, curvature)
                .withOption("rank", options.rank().map(QueryRank::toString).orElse("full"))
                .withCount("queries", run.queryIds().length)
                .withCount("training examples", run.examples());
        return options.rank().isPresent()
                ? provenance.withOption("largest relative error of a cut query", Double.toString(run.largestCut()))
                : provenance;
    }

    /**
     * Scores every training example for itself, ∇L_zᵀ(G+λI)⁻¹∇L_z, in one pass. The part of each layer is kept where the options
     * ask for it; there are none by token, and a rank is of queries: neither changes anything here.
     *
     * @param solver the inverse curvature; {@link EigenbasisSolver}s take a fast path, others solve once an example
     * @param train the training set
     * @return one score for each training example
     * @throws IllegalArgumentException if the data set is empty, the solver is for other layers, or a capture does not fit
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    public SelfInfluence self(IhvpSolver solver, ExampleSource<E> train) {
        long start = System.nanoTime();
        try (CapturePass<E> pass = CapturePass.scaling(backend, model, CapturePass.layersOf(model))) {
            List<LayerSpec> layers = pass.layers();
            requireFitted(solver, layers);
            int n = SourceCheck.countForArrays(train, options.perLayer() ? layers.size() + 1L : 1);
            SelfScores sums = new SelfScores(layers, n, options.perLayer());
            WantOfMemory.named(() -> "self-influence (captures and workspace of a batch: take smaller batches)", () -> {
                try (SelfPass scores = selfPass(solver, layers, sums)) {
                    pass.run(
                            train,
                            ScoringMemory.of(backend, options).batches(layers, model.bytesPerPosition()),
                            List.of(new Objective.TrainingLoss()),
                            "self-influence",
                            progress,
                            (step, capture) -> {
                                sums.startBatch(step);
                                scores.add((int) step.firstExample(), capture);
                            });
                }
            });
            return new SelfInfluence(
                    sums.ids(),
                    sums.total(),
                    sums.perLayer(),
                    since(start, solver.provenance()).withCount("training examples", n));
        }
    }

    private SelfPass selfPass(IhvpSolver solver, List<LayerSpec> layers, SelfScores sums) {
        return solver instanceof EigenbasisSolver eigenbasis
                ? new EigenbasisSelfPass(backend, eigenbasis, ways.rotation(), sums)
                : new SolvedSelfPass(backend, solver, layers, sums);
    }

    private void requireFitted(IhvpSolver solver, List<LayerSpec> layers) {
        ModelFingerprint.requireSame(solver.provenance().model(), model);
        if (!solver.layers().equals(layers)) {
            throw new IllegalArgumentException(
                    "the solver is for layers " + solver.layers() + ", the model has " + layers);
        }
    }

    private static Provenance since(long start, Provenance curvature) {
        return curvature.withDuration("scores", Duration.ofNanos(System.nanoTime() - start));
    }
}
