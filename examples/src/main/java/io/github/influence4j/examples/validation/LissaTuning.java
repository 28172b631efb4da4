package io.github.influence4j.examples.validation;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.baselines.iterative.Lissa;
import io.github.influence4j.baselines.iterative.LissaOptions;
import io.github.influence4j.baselines.iterative.PowerIteration;
import io.github.influence4j.baselines.validation.Agreement;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The options of LiSSA that come closest to the exact solution for queries that are in no table: batches, depth and scale
 * from a small grid, for one data set and damping. No other estimator is tuned.
 *
 * @param options the best ones
 * @param tried what was tried and how it did, the one that was taken first
 */
record LissaTuning(LissaOptions options, List<String> tried) {

    private static final int WIDE_BATCH = 128;
    private static final int DEEPER = 3;

    /** The recursion contracts for scales above half of the largest eigenvalue, and the faster the smaller the scale. */
    private static final double BOLD = 0.6;

    static LissaTuning untuned() {
        return new LissaTuning(LissaOptions.defaults(), List.of());
    }

    static LissaTuning tune(
            MatrixBackend backend,
            Mlp model,
            ExampleSource<LabelledExample> train,
            ExampleSource<LabelledExample> asideQueries,
            LayerDamping damping,
            InfluenceScores exact) {
        int n = Math.toIntExact(train.size());
        double largest =
                PowerIteration.defaults().largest(model, train, n, damping).value();
        LissaOptions usual = LissaOptions.defaults();
        LissaOptions wide = usual.withBatchSize(WIDE_BATCH);
        List<LissaOptions> candidates = List.of(
                usual,
                usual.withScale(BOLD * largest),
                wide,
                wide.withScale(BOLD * largest),
                wide.withScale(BOLD * largest).withDepth(DEEPER * n));
        List<String> tried = new ArrayList<>();
        LissaOptions best = usual;
        double bestPearson = Double.NEGATIVE_INFINITY;
        for (LissaOptions candidate : candidates) {
            double pearson = pearson(backend, model, train, asideQueries, damping, exact, candidate);
            String result = inWords(candidate) + ": "
                    + (Double.isFinite(pearson) ? String.format(Locale.ROOT, "%.3f", pearson) : "diverged");
            if (pearson > bestPearson) {
                bestPearson = pearson;
                best = candidate;
                tried.add(0, result);
            } else {
                tried.add(result);
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
            InfluenceScores exact,
            LissaOptions options) {
        try (FittedCurvature<LabelledExample> lissa =
                Lissa.on(backend).with(options).fit(model, train)) {
            return Agreement.of(lissa.damped(damping).pairwise(queries, train), exact)
                    .pearson();
        } catch (NumericalException e) {
            return Double.NEGATIVE_INFINITY;
        }
    }

    private static String inWords(LissaOptions lissa) {
        return "batches of " + lissa.batchSize() + ", "
                + (lissa.depth().isPresent() ? lissa.depth().getAsInt() : "N") + " steps, scale "
                + (lissa.scale().isPresent()
                        ? String.format(Locale.ROOT, "%.3g", lissa.scale().getAsDouble())
                        : "estimated");
    }
}
