package io.github.influence4j.examples.validation;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.baselines.iterative.Lissa;
import io.github.influence4j.baselines.iterative.LissaOptions;
import io.github.influence4j.baselines.iterative.PowerIteration;
import io.github.influence4j.baselines.validation.Agreement;
import io.github.influence4j.baselines.validation.CurvatureEstimator;
import io.github.influence4j.baselines.validation.Estimate;
import io.github.influence4j.baselines.validation.Estimator;
import io.github.influence4j.baselines.validation.PbrfTruth;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The options of LiSSA that follow the truth best on one network: batches, depth and scale are tried in turn. Tuning sees the
 * truth, which no other estimator does, so LiSSA is shown at its best.
 *
 * @param options the best ones
 * @param tried what was tried and how it did
 */
record LissaTuning(LissaOptions options, List<String> tried) {

    private static final int WIDE_BATCH = 128;
    private static final int DEEPER = 3;
    private static final double BOLD = 0.6;

    static LissaTuning untuned() {
        return new LissaTuning(LissaOptions.defaults(), List.of());
    }

    static LissaTuning tune(
            MatrixBackend backend,
            Mlp model,
            ExampleSource<LabelledExample> train,
            ExampleSource<LabelledExample> queries,
            LayerDamping damping,
            PbrfTruth truth) {
        int n = Math.toIntExact(train.size());
        double largest =
                PowerIteration.defaults().largest(model, train, n, damping).value();
        LissaOptions usual = LissaOptions.defaults();
        List<LissaOptions> candidates = List.of(
                usual,
                usual.withBatchSize(WIDE_BATCH),
                usual.withBatchSize(WIDE_BATCH).withScale(BOLD * largest),
                usual.withBatchSize(WIDE_BATCH).withDepth(DEEPER * n));
        List<String> tried = new ArrayList<>();
        LissaOptions best = usual;
        double bestPearson = Double.NEGATIVE_INFINITY;
        for (LissaOptions candidate : candidates) {
            double pearson = pearson(backend, model, train, queries, damping, truth, candidate);
            tried.add(String.format(
                    Locale.ROOT,
                    "batches of %d, %s steps, scale %s: %s",
                    candidate.batchSize(),
                    candidate.depth().isPresent()
                            ? Integer.toString(candidate.depth().getAsInt())
                            : "N",
                    candidate.scale().isPresent() ? BOLD + " × largest eigenvalue" : "estimated",
                    Double.isFinite(pearson) ? String.format(Locale.ROOT, "Pearson %.3f", pearson) : "diverged"));
            if (pearson > bestPearson) {
                bestPearson = pearson;
                best = candidate;
            }
        }
        return new LissaTuning(best, tried);
    }

    private static double pearson(
            MatrixBackend backend,
            Mlp model,
            ExampleSource<LabelledExample> train,
            ExampleSource<LabelledExample> queries,
            LayerDamping damping,
            PbrfTruth truth,
            LissaOptions options) {
        try (Estimator estimator = new CurvatureEstimator<>(
                EstimatorNames.LISSA, backend, new Lissa<LabelledExample>(options), model, train, queries)) {
            Estimate estimate = estimator.estimate(damping);
            return Agreement.of(estimate.scores(), truth.trainIds(), truth.changes())
                    .pearson();
        } catch (NumericalException e) {
            return Double.NEGATIVE_INFINITY;
        }
    }
}
