package io.github.influence4j.baselines.pbrf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Precision;
import io.github.influence4j.baselines.exact.ExactCurvature;
import io.github.influence4j.baselines.exact.ExactGaussNewton;
import io.github.influence4j.baselines.exact.ExactOptions;
import io.github.influence4j.baselines.exact.ExactSolver;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The response against an optimiser that shares no code with it, and against the damped Gauss-Newton prediction. */
class ProximalBregmanTest {

    private static final int EXAMPLES = 12;
    private static final double DIFFERENCE = 1e-5;
    private static final PbrfOptions TIGHT =
            PbrfOptions.defaults().withTolerance(1e-9).withMaxIterations(200);

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);

    private static MlpShape shape(Loss loss) {
        return MlpShape.of(Activation.TANH, loss, 3, 4, 3);
    }

    private static ExampleSource<LabelledExample> data(Loss loss) {
        Random random = new Random(8);
        List<LabelledExample> examples = new ArrayList<>();
        for (int e = 0; e < EXAMPLES; e++) {
            double[] features = random.doubles(3, -1.5, 1.5).toArray();
            examples.add(
                    loss == Loss.SQUARED_ERROR
                            ? LabelledExample.regression(
                                    features, random.doubles(3, -1, 1).toArray())
                            : LabelledExample.classified(features, random.nextInt(3)));
        }
        return ExampleSource.of(examples);
    }

    private static LayerDamping damping(Mlp model) {
        return damping(model, 1);
    }

    private static LayerDamping damping(Mlp model, double scale) {
        return LayerDamping.of(model.layers(), layer -> scale * (layer.name().equals("layer1") ? 0.05 : 0.2));
    }

    private static ExampleBatch<LabelledExample> example(ExampleSource<LabelledExample> data, int index) {
        List<ExampleBatch<LabelledExample>> batches = new ArrayList<>();
        data.batches(1).forEach(batches::add);
        return batches.get(index);
    }

    @ParameterizedTest
    @EnumSource
    void responseIsTheMinimumThatAnotherOptimiserFinds(Loss loss) {
        ExampleSource<LabelledExample> data = data(loss);
        double epsilon = 1.0 / EXAMPLES;
        try (Mlp model = Mlp.create(backend, shape(loss), 4);
                ExactCurvature exact = ExactGaussNewton.on(backend)
                        .with(ExactOptions.defaults())
                        .curvature(model, data);
                ExactSolver solver = exact.solver(damping(model))) {
            ExampleBatch<LabelledExample> example = example(data, 5);
            PbrfResponse response = new ProximalBregman<>(model, data, solver, TIGHT).respond(example, epsilon);
            assertTrue(response.converged(), "residual " + response.residual());

            double[] expected = descend(
                    offset -> plainObjective(model, data, example, loss, epsilon, 1, offset),
                    response.offset().toFlat().length);
            double[] found = response.offset().toFlat();
            double largest = 0;
            for (double value : expected) {
                largest = Math.max(largest, Math.abs(value));
            }
            for (int k = 0; k < found.length; k++) {
                assertEquals(expected[k], found[k], Tolerances.ANOTHER_OPTIMISER * largest, "weight " + k);
            }
        }
    }

    /** The definition, with the Bregman divergence as a difference of losses with some label or other. */
    private static double plainObjective(
            Mlp model,
            ExampleSource<LabelledExample> data,
            ExampleBatch<LabelledExample> example,
            Loss loss,
            double epsilon,
            double scale,
            double[] offset) {
        ExampleBatch<LabelledExample> all = data.batches(EXAMPLES).iterator().next();
        double[][] before = model.outputs(all);
        double[] losses = model.losses(all);
        double[][] predicted = model.predictions(all);
        try (Mlp moved = model.at(LayerGradients.ofFlat(model.layers(), offset))) {
            double[][] after = moved.outputs(all);
            double[] movedLosses = moved.losses(all);
            double value = epsilon * moved.losses(example)[0];
            for (int z = 0; z < EXAMPLES; z++) {
                double linear = 0;
                double[] target = all.examples().get(z).target();
                for (int c = 0; c < 3; c++) {
                    double slope = loss == Loss.SQUARED_ERROR
                            ? predicted[z][c] - target[c]
                            : predicted[z][c] - (target[0] == c ? 1 : 0);
                    linear += slope * (after[z][c] - before[z][c]);
                }
                value += (movedLosses[z] - losses[z] - linear) / EXAMPLES;
            }
            for (int k = 0; k < offset.length; k++) {
                double lambda = scale * (k < 16 ? 0.05 : 0.2);
                value += lambda * offset[k] * offset[k] / 2;
            }
            return value;
        }
    }

    /** Where hardly anything holds the weights, the objective is far from quadratic, and a search may not reach its end. */
    @ParameterizedTest
    @EnumSource
    void residualIsThatOfTheDefinitionAtSmallDampingToo(Loss loss) {
        ExampleSource<LabelledExample> data = data(loss);
        double epsilon = 1.0 / EXAMPLES;
        double scale = 1e-3;
        try (Mlp model = Mlp.create(backend, shape(loss), 4);
                ExactCurvature exact = ExactGaussNewton.on(backend)
                        .with(ExactOptions.defaults())
                        .curvature(model, data);
                ExactSolver solver = exact.solver(damping(model, scale))) {
            ProximalBregman<LabelledExample> search = new ProximalBregman<>(
                    model, data, solver, PbrfOptions.defaults().withTolerance(1e-9));
            for (int z = 0; z < EXAMPLES; z++) {
                ExampleBatch<LabelledExample> example = example(data, z);
                PbrfResponse response = search.respond(example, epsilon);
                ToDoubleFunction<double[]> definition =
                        offset -> plainObjective(model, data, example, loss, epsilon, scale, offset);
                double[] found = response.offset().toFlat();
                double start = ProximalBregman.norm(differences(definition, new double[found.length]));
                double end = ProximalBregman.norm(differences(definition, found));
                assertEquals(response.residual(), end / start, Tolerances.GRADIENT_BY_DIFFERENCES, "example " + z);
            }
        }
    }

    /** Gradient descent with momentum along central differences, from 0 until nothing moves. */
    private static double[] descend(ToDoubleFunction<double[]> objective, int parameters) {
        double[] at = new double[parameters];
        double[] velocity = new double[parameters];
        double norm = Double.POSITIVE_INFINITY;
        for (int step = 0; step < 3_000 && norm > 1e-9; step++) {
            norm = 0;
            double[] gradient = differences(objective, at);
            for (int k = 0; k < parameters; k++) {
                velocity[k] = 0.9 * velocity[k] - 0.1 * gradient[k];
                at[k] += velocity[k];
                norm += Math.abs(gradient[k]);
            }
        }
        return at;
    }

    private static double[] differences(ToDoubleFunction<double[]> objective, double[] at) {
        double[] gradient = new double[at.length];
        for (int k = 0; k < at.length; k++) {
            double[] up = at.clone();
            double[] down = at.clone();
            up[k] += DIFFERENCE;
            down[k] -= DIFFERENCE;
            gradient[k] = (objective.applyAsDouble(up) - objective.applyAsDouble(down)) / (2 * DIFFERENCE);
        }
        return gradient;
    }

    @ParameterizedTest
    @EnumSource
    void halvingEpsilonHalvesTheDifferenceToTheDampedPrediction(Loss loss) {
        ExampleSource<LabelledExample> data = data(loss);
        try (Mlp model = Mlp.create(backend, shape(loss), 4);
                ExactCurvature exact = ExactGaussNewton.on(backend)
                        .with(ExactOptions.defaults())
                        .curvature(model, data);
                ExactSolver solver = exact.solver(damping(model))) {
            ProximalBregman<LabelledExample> pbrf = new ProximalBregman<>(model, data, solver, TIGHT);
            ExampleBatch<LabelledExample> example = example(data, 2);
            double[] slope = solver.solve(TrainingGradient.of(model, example)).toFlat();
            double before = distance(pbrf, example, 2e-3, slope);
            double after = distance(pbrf, example, 1e-3, slope);
            assertEquals(0.5, after / before, Tolerances.HALVED_EPSILON, "ratio of the differences");
        }
    }

    /** ‖offset/ε + (G+λ)⁻¹∇L‖. */
    private static double distance(
            ProximalBregman<LabelledExample> pbrf,
            ExampleBatch<LabelledExample> example,
            double epsilon,
            double[] slope) {
        double[] offset = pbrf.respond(example, epsilon).offset().toFlat();
        double sum = 0;
        for (int k = 0; k < offset.length; k++) {
            double difference = offset[k] / epsilon + slope[k];
            sum += difference * difference;
        }
        return Math.sqrt(sum);
    }

    @Test
    void limitsAreReportedAndNonsenseIsRefused() {
        ExampleSource<LabelledExample> data = data(Loss.SOFTMAX_CROSS_ENTROPY);
        try (Mlp model = Mlp.create(backend, shape(Loss.SOFTMAX_CROSS_ENTROPY), 4);
                Mlp other = Mlp.create(backend, MlpShape.of(Activation.TANH, Loss.SOFTMAX_CROSS_ENTROPY, 3, 5, 3), 4);
                ExactCurvature exact = ExactGaussNewton.on(backend)
                        .with(ExactOptions.defaults().withForm(ExactOptions.Form.DUAL))
                        .curvature(model, data);
                ExactSolver solver = exact.solver(Damping.absolute(0.01))) {
            PbrfOptions plain =
                    PbrfOptions.defaults().withMaxIterations(1).withMemory(0).withBatchSize(5);
            ProximalBregman<LabelledExample> pbrf = new ProximalBregman<>(model, data, solver, plain);
            PbrfResponse response = pbrf.respond(example(data, 0), 1.0);
            assertEquals(1, response.iterations());
            assertTrue(!response.converged() && response.residual() > plain.tolerance());
            assertThrows(IllegalArgumentException.class, () -> pbrf.respond(example(data, 0), 0));
            assertThrows(IllegalArgumentException.class, () -> pbrf.respond(example(data, 0), Double.NaN));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> pbrf.respond(data.batches(2).iterator().next(), 1));
            assertThrows(IllegalArgumentException.class, () -> new ProximalBregman<>(other, data, solver, plain));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new ProximalBregman<>(model, ExampleSource.of(List.of()), solver, plain));
            assertThrows(IllegalArgumentException.class, () -> plain.withTolerance(0));
            assertThrows(IllegalArgumentException.class, () -> plain.withMaxIterations(0));
            assertThrows(IllegalArgumentException.class, () -> plain.withMemory(-1));
        }
    }

    @Test
    void divergenceOfFarAwayLogitsIsFinite() {
        double[] far = {2000, 0, -2000};
        double[] near = {0, 0, 0};
        assertEquals(2000 - Math.log(3), BregmanDivergence.KULLBACK_LEIBLER.value(far, near), 1e-9);
    }
}
