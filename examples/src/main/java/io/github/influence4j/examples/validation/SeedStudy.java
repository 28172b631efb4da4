package io.github.influence4j.examples.validation;

import io.github.influence4j.api.CurvatureApproximator;
import io.github.influence4j.api.CurvatureProduct;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.exact.ExactGaussNewton;
import io.github.influence4j.baselines.exact.ExactOptions;
import io.github.influence4j.baselines.iterative.Astra;
import io.github.influence4j.baselines.iterative.AstraOptions;
import io.github.influence4j.baselines.iterative.ConjugateGradient;
import io.github.influence4j.baselines.iterative.ConjugateGradientOptions;
import io.github.influence4j.baselines.iterative.Lissa;
import io.github.influence4j.baselines.iterative.LissaOptions;
import io.github.influence4j.baselines.pbrf.PbrfOptions;
import io.github.influence4j.baselines.pbrf.ProximalBregman;
import io.github.influence4j.baselines.retraining.RetrainedObjectives;
import io.github.influence4j.baselines.validation.Agreement;
import io.github.influence4j.baselines.validation.CurvatureEstimator;
import io.github.influence4j.baselines.validation.Estimate;
import io.github.influence4j.baselines.validation.Estimator;
import io.github.influence4j.baselines.validation.EstimatorComparison;
import io.github.influence4j.baselines.validation.PbrfTruth;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpCheckpoints;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.math3.stat.StatUtils;

/** All estimators on one trained network. */
final class SeedStudy implements AutoCloseable {

    private static final ConjugateGradientOptions CG =
            ConjugateGradientOptions.defaults().withTolerance(1e-9).withMaxIterations(2_000);

    /**
     * Copies of a training example that its response is to. An influence is the response to ever fewer, divided by their number; to a
     * whole copy it is another function where one is a large part of the data ({@code docs/decisions/0036}).
     */
    static final double COPIES = 0.25;

    private final MatrixBackend backend;
    private final Mlp model;
    private final BedSources sources;
    private final List<Estimator> estimators = new ArrayList<>();
    private final CurvatureEstimator<LabelledExample, Mlp> ekfac;
    private final CurvatureEstimator<LabelledExample, Mlp> kfac;
    private final CurvatureEstimator<LabelledExample, Mlp> block;
    private final CurvatureEstimator<LabelledExample, Mlp> exact;

    /** What is learnt from, asked about, asked about where options are chosen, and given more weight. */
    record BedSources(
            ExampleSource<LabelledExample> train,
            ExampleSource<LabelledExample> queries,
            ExampleSource<LabelledExample> asideQueries,
            ExampleSource<LabelledExample> candidates) {}

    /** How the truth was found at one damping. */
    record TruthQuality(
            DampingLevel level, double medianResidual, double largestResidual, int converged, int searches) {}

    /** Solvers beside each other at one damping. */
    record SolverChecks(double cgDistance, double preconditionedCgPearson, Estimate lissaDepthN) {}

    SeedStudy(MatrixBackend backend, MlpCheckpoints run, double weightDecay, BedSources sources) {
        this.backend = backend;
        this.model = run.checkpoints().trained();
        this.sources = sources;
        LayerDamping warmUp = LayerDamping.of(model.layers(), layer -> DampingLevel.DETAIL.value());
        try (Estimator first = eigenbasis(EstimatorNames.EKFAC, Strategy.EKFAC);
                Estimator firstSampled = sampledLabels()) {
            // the first fit in a JVM takes ten times as long as the next
            first.estimate(warmUp);
            firstSampled.estimate(warmUp);
        }
        this.ekfac = eigenbasis(EstimatorNames.EKFAC, Strategy.EKFAC);
        this.kfac = eigenbasis(EstimatorNames.KFAC, Strategy.KFAC);
        this.block = exact(EstimatorNames.EXACT_BLOCK, ExactOptions.Scope.PER_LAYER);
        this.exact = exact(EstimatorNames.EXACT, ExactOptions.Scope.WHOLE);
        estimators.add(eigenbasis(EstimatorNames.DOT_PRODUCT, Strategy.IDENTITY));
        estimators.add(eigenbasis(EstimatorNames.DIAGONAL, Strategy.DIAGONAL));
        estimators.add(kfac);
        estimators.add(ekfac);
        estimators.add(sampledLabels());
        estimators.add(eigenbasis(EstimatorNames.GRADIENT_BASIS, Strategy.GRADIENT_BASIS));
        estimators.add(block);
        estimators.add(exact);
        estimators.add(iterative(EstimatorNames.CG, ConjugateGradient.plain(CG), sources.queries()));
        estimators.add(iterative(
                EstimatorNames.ASTRA, new Astra<>(ekfac.fitted(), AstraOptions.defaults()), sources.queries()));
        estimators.add(new SourceEstimator(backend, run, weightDecay, sources.train(), sources.queries()));
    }

    LayerDamping resolve(DampingLevel level) {
        return ekfac.fitted().resolve(level.damping());
    }

    PbrfTruth truth(LayerDamping damping, ProgressListener progress) {
        try (var solver = exact.fitted().solver(damping)) {
            ProximalBregman<LabelledExample> bregman =
                    new ProximalBregman<>(model, sources.train(), solver, PbrfOptions.defaults());
            return PbrfTruth.of(
                    bregman,
                    model,
                    sources.candidates(),
                    sources.queries(),
                    COPIES / sources.train().size(),
                    progress);
        }
    }

    static TruthQuality quality(DampingLevel level, PbrfTruth truth) {
        double[] residuals = truth.residuals();
        return new TruthQuality(
                level,
                StatUtils.percentile(residuals, 50),
                StatUtils.max(residuals),
                truth.converged(),
                residuals.length);
    }

    /** Tunes LiSSA against the exact solution, on queries that are in no table. */
    LissaTuning tuneLissa(LayerDamping damping) {
        try (var solver = exact.fitted().solver(damping)) {
            InfluenceScores scores =
                    new InfluenceScorer<>(backend, model).pairwise(solver, sources.asideQueries(), sources.train());
            return LissaTuning.tune(backend, model, sources.train(), sources.asideQueries(), damping, scores);
        }
    }

    List<EstimatorComparison.Entry> compare(
            LayerDamping damping,
            PbrfTruth truth,
            RetrainedObjectives retrained,
            LissaOptions lissa,
            ProgressListener progress) {
        try (Estimator tuned = iterative(EstimatorNames.LISSA, new Lissa<>(lissa), sources.queries())) {
            List<Estimator> all = new ArrayList<>(estimators);
            all.add(tuned);
            return new EstimatorComparison(all, Optional.of(retrained)).run(damping, truth, progress);
        }
    }

    /** Checks solvers of the same system against each other. */
    SolverChecks checks(LayerDamping damping, PbrfTruth truth, Map<String, InfluenceScores> scores) {
        InfluenceScores plain = required(scores, EstimatorNames.CG);
        InfluenceScores direct = required(scores, EstimatorNames.EXACT);
        try (Estimator preconditioned = iterative(
                        "preconditioned CG",
                        ConjugateGradient.preconditionedBy(ekfac.fitted(), CG),
                        sources.queries());
                Estimator depthN =
                        iterative(EstimatorNames.LISSA, new Lissa<>(LissaOptions.defaults()), sources.queries())) {
            double pearson = Agreement.of(preconditioned.estimate(damping).scores(), truth.trainIds(), truth.changes())
                    .pearson();
            return new SolverChecks(distance(plain, direct), pearson, depthN.estimate(damping));
        }
    }

    /** K-FAC and EK-FAC beside the exact blocks, which both approximate. */
    Map<String, BlockDistance> blockDistances(LayerDamping damping, Map<String, InfluenceScores> scores) {
        Map<String, BlockDistance> distances = new LinkedHashMap<>();
        try (IhvpSolver blocks = block.fitted().solver(damping)) {
            for (CurvatureEstimator<LabelledExample, Mlp> estimator : List.of(kfac, ekfac)) {
                try (IhvpSolver solver = estimator.fitted().solver(damping)) {
                    distances.put(
                            estimator.name(),
                            BlockDistance.between(
                                    required(scores, estimator.name()),
                                    solver,
                                    required(scores, EstimatorNames.EXACT_BLOCK),
                                    blocks));
                }
            }
        }
        return distances;
    }

    private static InfluenceScores required(Map<String, InfluenceScores> scores, String name) {
        InfluenceScores found = scores.get(name);
        if (found == null) {
            throw new IllegalStateException(name + " gave no scores");
        }
        return found;
    }

    /** Largest difference of two sets of scores, relative to the largest score of each query. */
    private static double distance(InfluenceScores a, InfluenceScores b) {
        double worst = 0;
        for (int q = 0; q < a.queryIds().length; q++) {
            double[] x = a.row(q);
            double[] y = b.row(q);
            double largest = 0;
            double difference = 0;
            for (int z = 0; z < x.length; z++) {
                largest = Math.max(largest, Math.abs(y[z]));
                difference = Math.max(difference, Math.abs(x[z] - y[z]));
            }
            worst = Math.max(worst, difference / largest);
        }
        return worst;
    }

    /** With the exact output Hessian in place of sampled labels, so that no estimator suffers from sampling. */
    private CurvatureEstimator<LabelledExample, Mlp> eigenbasis(String name, Strategy strategy) {
        return new CurvatureEstimator<>(
                name,
                backend,
                EigenbasisApproximator.<LabelledExample>exactFisher(
                        backend, FitOptions.defaults().withStrategy(strategy)),
                model,
                sources.train(),
                sources.queries());
    }

    private Estimator sampledLabels() {
        return new CurvatureEstimator<>(
                EstimatorNames.SAMPLED_EKFAC,
                backend,
                EigenbasisApproximator.<LabelledExample>ekfac(backend),
                model,
                sources.train(),
                sources.queries());
    }

    private CurvatureEstimator<LabelledExample, Mlp> exact(String name, ExactOptions.Scope scope) {
        return new CurvatureEstimator<>(
                name,
                backend,
                new ExactGaussNewton<LabelledExample>(
                        backend, ExactOptions.defaults().withScope(scope)),
                model,
                sources.train(),
                sources.queries());
    }

    private Estimator iterative(
            String name,
            CurvatureApproximator<LabelledExample, CurvatureProduct<LabelledExample>> method,
            ExampleSource<LabelledExample> queries) {
        return new CurvatureEstimator<>(name, backend, method, model, sources.train(), queries);
    }

    @Override
    public void close() {
        estimators.forEach(Estimator::close);
    }
}
