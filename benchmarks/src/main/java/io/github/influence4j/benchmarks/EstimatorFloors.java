package io.github.influence4j.benchmarks;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.plan.DataShape;
import io.github.influence4j.ekfac.plan.MachineRate;
import io.github.influence4j.ekfac.plan.Plan;
import io.github.influence4j.ekfac.plan.Planner;
import io.github.influence4j.ekfac.plan.StagePlan;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.List;

/**
 * Flops of whole estimates, fit and scores of all queries, of models whose layers run once an example.
 *
 * @param ekfac by the planner, the model's own passes included
 * @param exact of the exact Gauss-Newton matrix in its cheaper form, the passes of the model not included
 * @param scoring of the last pass over the training set, which every estimator makes
 */
record EstimatorFlops(double ekfac, double exact, double scoring) {

    static EstimatorFlops of(MatrixBackend backend, List<LayerSpec> layers, int examples, int queries, int outputs) {
        Plan plan = new Planner(backend, MachineRate.of(1))
                .plan(layers, DataShape.of(examples, queries), FitOptions.defaults(), ScoreOptions.defaults());
        StagePlan self = plan.stage("self-influence");
        StagePlan scoring = plan.stage("scoring");
        double all = plan.stages().stream().mapToDouble(EstimatorFlops::flops).sum();
        return new EstimatorFlops(
                all - flops(self), exact(layers, examples, queries, outputs) + flops(scoring), flops(scoring));
    }

    private static double flops(StagePlan stage) {
        return stage.flops() + stage.modelFlops();
    }

    /** With n = N·C rows and D parameters: n·D² + D³/3, or n²·Σo + n³/3 as {@code ExactGaussNewton} says, and solves. */
    private static double exact(List<LayerSpec> layers, int examples, int queries, int outputs) {
        double n = (double) examples * outputs;
        double d = layers.stream().mapToLong(LayerSpec::parameters).sum();
        double sides = layers.stream()
                .mapToDouble(layer -> (double) layer.outputs() + layer.gradientColumns())
                .sum();
        return n < d
                ? n * n * sides + n * n * n / 3 + queries * (4 * n * d + 2 * n * n)
                : n * d * d + d * d * d / 3 + queries * 2 * d * d;
    }
}
