package io.github.influence4j.examples.quickstart;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.exact.ExactGaussNewton;
import io.github.influence4j.baselines.validation.Agreement;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Holds the estimators' scores against those with the exact Gauss-Newton matrix, everything over the same training images
 * and with the same λ in each layer: the one that EK-FAC's default damping gives.
 */
final class ExactComparison {

    private static final String STAGE = "comparing with the exact solution";
    private static final double NANOS_PER_MILLI = 1e6;

    private final MatrixBackend backend;
    private final Mlp model;
    private final ExampleSource<LabelledExample> train;
    private final ExampleSource<LabelledExample> queries;
    private final FitOptions fit;

    ExactComparison(
            MatrixBackend backend,
            Mlp model,
            ExampleSource<LabelledExample> train,
            ExampleSource<LabelledExample> queries,
            FitOptions fit) {
        this.backend = backend;
        this.model = model;
        this.train = train;
        this.queries = queries;
        this.fit = fit;
    }

    private record Timed(InfluenceScores scores, double millis) {}

    ExactAgreement run(ProgressListener progress) {
        Map<String, Strategy> strategies = new LinkedHashMap<>();
        strategies.put(ExactAgreement.DOT_PRODUCT, Strategy.IDENTITY);
        strategies.put(ExactAgreement.DIAGONAL, Strategy.DIAGONAL);
        strategies.put(ExactAgreement.KFAC, Strategy.KFAC);
        strategies.put(ExactAgreement.EKFAC, Strategy.EKFAC);
        LayerDamping damping;
        try (FittedCurvature<LabelledExample> ekfac =
                Ekfac.on(backend).with(fit).fit(model, train)) {
            damping = ekfac.resolve(Damping.DEFAULT);
        }
        int steps = strategies.size() + 1;
        progress.progress(STAGE, 0, steps);
        Timed exact = score(() -> ExactGaussNewton.on(backend).fit(model, train), damping);
        List<EstimatorQuality> qualities = new ArrayList<>();
        for (Map.Entry<String, Strategy> entry : strategies.entrySet()) {
            progress.progress(STAGE, qualities.size() + 1, steps);
            Supplier<FittedCurvature<LabelledExample>> fitting = () ->
                    Ekfac.on(backend).with(fit.withStrategy(entry.getValue())).fit(model, train);
            score(fitting, damping); // once for the JIT compiler, once for the clock
            Timed estimate = score(fitting, damping);
            qualities.add(quality(entry.getKey(), estimate, exact.scores()));
        }
        progress.progress(STAGE, steps, steps);
        return new ExactAgreement(
                qualities, exact.millis(), Math.toIntExact(train.size()), Math.toIntExact(queries.size()));
    }

    private Timed score(Supplier<FittedCurvature<LabelledExample>> fitting, LayerDamping damping) {
        long start = System.nanoTime();
        try (FittedCurvature<LabelledExample> fitted = fitting.get()) {
            InfluenceScores scores = fitted.damped(damping).pairwise(queries, train);
            return new Timed(scores, (System.nanoTime() - start) / NANOS_PER_MILLI);
        }
    }

    private static EstimatorQuality quality(String name, Timed estimate, InfluenceScores exact) {
        Agreement agreement = Agreement.of(estimate.scores(), exact);
        return new EstimatorQuality(name, agreement.pearson(), agreement.spearman(), estimate.millis());
    }
}
