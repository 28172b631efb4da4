package io.github.influence4j.examples.snippets;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.ekfac.CurvatureScoring;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.QueryRank;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.plan.DataShape;
import io.github.influence4j.ekfac.plan.MachineRate;
import io.github.influence4j.ekfac.plan.Plan;
import io.github.influence4j.ekfac.plan.Planner;
import io.github.influence4j.linalg.MatrixBackend;

/** What docs/guide/memory-and-time.md shows. */
final class PerformanceSnippets {

    private PerformanceSnippets() {}

    static <Example> void plan(
            MatrixBackend backend, GradientProvider<Example> model, FitOptions fit, ScoreOptions score) {
        MachineRate rate = MachineRate.measure(backend);
        DataShape data = DataShape.of(1_000_000, 10).withPositions(64);
        Plan plan = new Planner(backend, rate).plan(model.layers(), data, fit, score);
        System.out.println(plan.describe());
        plan.require(backend.availableMemory());
    }

    static FitOptions boundedFit() {
        FitOptions fit = FitOptions.defaults().withBatchSize(64).withBlocks(2).withMemoryLimit(4L << 30);
        return fit;
    }

    static ScoreOptions lowRank() {
        ScoreOptions score =
                ScoreOptions.defaults().withRank(QueryRank.randomised(32, 1)).withBatchSize(256);
        return score;
    }

    static <Example> TopInfluences best(
            FittedCurvature<Example> ekfac,
            ExampleSource<Example> queries,
            ExampleSource<Example> train,
            ScoreOptions score) {
        CurvatureScoring<Example> scoring = ekfac.damped(Damping.DEFAULT).with(score);
        TopInfluences candidates = scoring.topK(queries, train, 400);
        TopInfluences best = scoring.rescore(queries, train, candidates, 100);
        return best;
    }
}
