package io.github.influence4j.examples.validation;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.exact.ExactGaussNewton;
import io.github.influence4j.baselines.exact.ExactOptions;
import io.github.influence4j.baselines.iterative.Astra;
import io.github.influence4j.baselines.iterative.ConjugateGradient;
import io.github.influence4j.baselines.iterative.ConjugateGradientOptions;
import io.github.influence4j.baselines.iterative.Lissa;
import io.github.influence4j.baselines.iterative.LissaOptions;
import io.github.influence4j.baselines.pbrf.PbrfOptions;
import io.github.influence4j.baselines.pbrf.ProximalBregman;
import io.github.influence4j.baselines.retraining.RetrainedObjectives;
import io.github.influence4j.baselines.validation.Agreement;
import io.github.influence4j.baselines.validation.ComparisonTable;
import io.github.influence4j.baselines.validation.Estimate;
import io.github.influence4j.baselines.validation.Estimator;
import io.github.influence4j.baselines.validation.EstimatorComparison;
import io.github.influence4j.baselines.validation.FittedOnce;
import io.github.influence4j.baselines.validation.PbrfTruth;
import io.github.influence4j.ekfac.CurvatureScoring;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpCheckpoints;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
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
    private final FittedOnce<LabelledExample, FittedCurvature<LabelledExample>> ekfac;
    private final FittedOnce<LabelledExample, FittedCurvature<LabelledExample>> kfac;
    private final FittedOnce<LabelledExample, FittedCurvature<LabelledExample>> block;
    private final FittedOnce<LabelledExample, FittedCurvature<LabelledExample>> exact;

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
        estimators.add(estimator(
                EstimatorNames.CG, () -> ConjugateGradient.on(backend).with(CG).fit(model, sources.train())));
        estimators.add(estimator(
                EstimatorNames.ASTRA,
                () -> Astra.on(backend, ekfac.fitted().curvature()).fit(model, sources.train())));
        estimators.add(new SourceEstimator(backend, run, weightDecay, sources.train(), sources.queries()));
    }

    LayerDamping resolve(DampingLevel level) {
        return ekfac.fitted().resolve(level.damping());
    }

    PbrfTruth truth(LayerDamping damping, ProgressListener progress) {
        try (CurvatureScoring<LabelledExample> scoring = exact.fitted().damped(damping)) {
            ProximalBregman<LabelledExample> bregman =
                    new ProximalBregman<>(model, sources.train(), scoring.solver(), PbrfOptions.defaults());
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
        try (CurvatureScoring<LabelledExample> scoring = exact.fitted().damped(damping)) {
            InfluenceScores scores = scoring.pairwise(sources.asideQueries(), sources.train());
            return LissaTuning.tune(backend, model, sources.train(), sources.asideQueries(), damping, scores);
        }
    }

    List<ComparisonTable.Row> compare(
            LayerDamping damping,
            PbrfTruth truth,
            RetrainedObjectives retrained,
            LissaOptions lissa,
            ProgressListener progress) {
        try (EstimatorComparison<LabelledExample> comparison =
                EstimatorComparison.of(sources.queries(), sources.train())) {
            estimators.forEach(comparison::add);
            comparison.add(
                    EstimatorNames.LISSA, () -> Lissa.on(backend).with(lissa).fit(model, sources.train()));
            return comparison
                    .against(truth.trainIds(), truth.changes())
                    .withRetrained(retrained)
                    .run(damping, progress)
                    .rows();
        }
    }

    /** Checks solvers of the same system against each other. */
    SolverChecks checks(LayerDamping damping, PbrfTruth truth, Map<String, InfluenceScores> scores) {
        InfluenceScores plain = required(scores, EstimatorNames.CG);
        InfluenceScores direct = required(scores, EstimatorNames.EXACT);
        try (Estimator preconditioned = estimator("preconditioned CG", () -> ConjugateGradient.on(backend)
                        .with(CG)
                        .preconditionedBy(ekfac.fitted().curvature())
                        .fit(model, sources.train()));
                Estimator depthN =
                        estimator(EstimatorNames.LISSA, () -> Lissa.on(backend).fit(model, sources.train()))) {
            double pearson = Agreement.of(preconditioned.estimate(damping).scores(), truth.trainIds(), truth.changes())
                    .pearson();
            return new SolverChecks(distance(plain, direct), pearson, depthN.estimate(damping));
        }
    }

    /** K-FAC and EK-FAC beside the exact blocks, which both approximate. */
    Map<String, BlockDistance> blockDistances(LayerDamping damping, Map<String, InfluenceScores> scores) {
        Map<String, BlockDistance> distances = new LinkedHashMap<>();
        try (CurvatureScoring<LabelledExample> blocks = block.fitted().damped(damping)) {
            for (FittedOnce<LabelledExample, FittedCurvature<LabelledExample>> estimator : List.of(kfac, ekfac)) {
                try (CurvatureScoring<LabelledExample> scoring =
                        estimator.fitted().damped(damping)) {
                    distances.put(
                            estimator.name(),
                            BlockDistance.between(
                                    required(scores, estimator.name()),
                                    scoring.solver(),
                                    required(scores, EstimatorNames.EXACT_BLOCK),
                                    blocks.solver()));
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
    private FittedOnce<LabelledExample, FittedCurvature<LabelledExample>> eigenbasis(String name, Strategy strategy) {
        return estimator(name, () -> Ekfac.on(backend).with(strategy).fitExactly(model, sources.train()));
    }

    private Estimator sampledLabels() {
        return estimator(EstimatorNames.SAMPLED_EKFAC, () -> Ekfac.on(backend).fit(model, sources.train()));
    }

    private FittedOnce<LabelledExample, FittedCurvature<LabelledExample>> exact(String name, ExactOptions.Scope scope) {
        return estimator(name, () -> ExactGaussNewton.on(backend)
                .with(ExactOptions.defaults().withScope(scope))
                .fit(model, sources.train()));
    }

    private FittedOnce<LabelledExample, FittedCurvature<LabelledExample>> estimator(
            String name, Supplier<FittedCurvature<LabelledExample>> fit) {
        return new FittedOnce<>(name, fit, sources.queries(), sources.train());
    }

    @Override
    public void close() {
        estimators.forEach(Estimator::close);
    }
}
