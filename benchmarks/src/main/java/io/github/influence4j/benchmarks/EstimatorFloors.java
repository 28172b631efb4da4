package io.github.influence4j.benchmarks;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.benchmarks.Floors.Least;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.plan.DataShape;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.List;
import java.util.Map;

/**
 * The least of whole estimates, fit and scores of all queries, of models whose layers run once an example.
 *
 * @param ekfacSolved of EK-FAC's fit and of the queries' preparation, by the planner, the model's own passes included
 * @param exact of the exact Gauss-Newton matrix in its cheaper form, by flops alone and without the passes of the model
 * @param scoring of the last pass over the training set, which every estimator makes
 */
record EstimatorFloors(Least ekfacSolved, Least exact, Least scoring) {

    static EstimatorFloors of(
            Floors rates, MatrixBackend backend, List<LayerSpec> layers, int examples, int queries, int outputs) {
        int number = backend.precision().bytes();
        double example = (double) number * (layers.get(0).inputs() + outputs);
        double weights = layers.stream()
                .mapToDouble(l -> (double) number * l.parameters())
                .sum();
        Map<String, Least> stages = rates.stages(
                backend,
                layers,
                List.of(),
                DataShape.of(examples, queries),
                FitOptions.defaults(),
                ScoreOptions.defaults(),
                LeastBytes.of(layers, List.of(), example, weights, number));
        Least scoring = Floors.at(stages, Floors.SCORING);
        Least fit = Floors.at(stages, Floors.COVARIANCES)
                .plus(Floors.at(stages, Floors.EIGENDECOMPOSITION))
                .plus(Floors.at(stages, Floors.EIGENVALUES));
        return new EstimatorFloors(
                fit.plus(Floors.at(stages, Floors.QUERIES)),
                rates.products(exact(layers, examples, queries, outputs)).plus(scoring),
                scoring);
    }

    /** EK-FAC with its scores. */
    Least ekfac() {
        return ekfacSolved.plus(scoring);
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
