package io.github.influence4j.baselines.pbrf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Responses at kinks: a network v·max(wx + b, 0) + c whose optimum has wx + b = 0 for the example with more weight. Its gradient is
 * not small on either side.
 */
class KinkTest {

    private static final double[] INPUTS = {-1, 0, 1, 2};
    private static final int CANDIDATE = 1;
    private static final double LAMBDA = 0.02;
    private static final double[] START = {1, 0.05, 1, 0};

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);

    private static double output(double[] weights, double input) {
        return weights[2] * Math.max(weights[0] * input + weights[1], 0) + weights[3];
    }

    private static double objective(double[] offset, double epsilon) {
        double[] weights = moved(offset);
        double value = 0;
        for (double input : INPUTS) {
            double change = output(weights, input) - output(START, input);
            value += change * change / 2 / INPUTS.length;
        }
        double miss = output(weights, INPUTS[CANDIDATE]) - target(CANDIDATE);
        value += epsilon * miss * miss / 2;
        for (double part : offset) {
            value += LAMBDA * part * part / 2;
        }
        return value;
    }

    private static double target(int example) {
        return example == CANDIDATE ? -1 : INPUTS[example];
    }

    private static double[] moved(double[] offset) {
        double[] weights = START.clone();
        for (int k = 0; k < weights.length; k++) {
            weights[k] += offset[k];
        }
        return weights;
    }

    private PbrfResponse respond(double epsilon) {
        List<LabelledExample> examples = new ArrayList<>();
        for (int e = 0; e < INPUTS.length; e++) {
            examples.add(LabelledExample.regression(new double[] {INPUTS[e]}, new double[] {target(e)}));
        }
        ExampleSource<LabelledExample> data = ExampleSource.of(examples);
        MlpShape shape = MlpShape.of(Activation.RELU, Loss.SQUARED_ERROR, 1, 1, 1);
        try (Mlp any = Mlp.create(backend, shape, 1);
                Mlp model = any.withWeights(LayerGradients.ofFlat(any.layers(), START));
                ExactCurvature exact = ExactGaussNewton.on(backend)
                        .with(ExactOptions.defaults())
                        .curvature(model, data);
                ExactSolver solver = exact.solver(LayerDamping.of(model.layers(), layer -> LAMBDA))) {
            List<ExampleBatch<LabelledExample>> batches = new ArrayList<>();
            data.batches(1).forEach(batches::add);
            return new ProximalBregman<>(model, data, solver, PbrfOptions.defaults())
                    .respond(batches.get(CANDIDATE), epsilon);
        }
    }

    /**
     * The minimum on the kink, b = 0, where the objective is smooth in the other three weights, by gradient descent. There the outputs
     * are c, c, vw + c and 2vw + c.
     */
    private static double[] minimumOnTheKink(double epsilon) {
        double w = START[0];
        double v = START[2];
        double c = START[3];
        for (int step = 0; step < 20_000; step++) {
            double[] changes = {c, c - START[1], v * w + c - output(START, 1), 2 * v * w + c - output(START, 2)};
            double slope = (changes[2] + 2 * changes[3]) / INPUTS.length;
            double toW = slope * v + LAMBDA * (w - START[0]);
            double toV = slope * w + LAMBDA * (v - START[2]);
            double toC = (changes[0] + changes[1] + changes[2] + changes[3]) / INPUTS.length
                    + epsilon * (c - target(CANDIDATE))
                    + LAMBDA * (c - START[3]);
            w -= 0.2 * toW;
            v -= 0.2 * toV;
            c -= 0.2 * toC;
        }
        return new double[] {w - START[0], -START[1], v - START[2], c - START[3]};
    }

    /** Norm of the gradient by one-sided differences in the bias, central ones in the other weights. */
    private static double gradientNorm(double[] offset, double epsilon, int side) {
        double step = 1e-6;
        double[] aside = offset.clone();
        aside[1] += side * 4 * step;
        double sum = 0;
        for (int k = 0; k < aside.length; k++) {
            double[] up = aside.clone();
            double[] down = aside.clone();
            up[k] += step;
            down[k] -= step;
            double slope = (objective(up, epsilon) - objective(down, epsilon)) / (2 * step);
            sum += slope * slope;
        }
        return Math.sqrt(sum);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.02, 0.05, 0.1, 0.2, 0.3})
    void searchEndsAtTheMinimumOnTheKink(double epsilon) {
        PbrfResponse response = respond(epsilon);
        double[] found = response.offset().toFlat();
        assertTrue(response.converged(), "residual " + response.residual());
        assertTrue(response.iterations() < 100, response.iterations() + " steps");
        double[] expected = minimumOnTheKink(epsilon);
        MatrixAssert.assertClose(expected, found, Tolerances.ANOTHER_OPTIMISER, "offset");

        double start = gradientNorm(new double[found.length], epsilon, 1);
        for (int side : new int[] {-1, 1}) {
            double norm = gradientNorm(found, epsilon, side) / start;
            assertTrue(norm > 0.01, "the gradient on side " + side + " is " + norm + ": that is no kink");
        }
        double least = objective(found, epsilon);
        Random random = new Random(3);
        for (int draw = 0; draw < 10_000; draw++) {
            double[] near = found.clone();
            double length = Math.pow(10, -1 - 3 * random.nextDouble());
            for (int k = 0; k < near.length; k++) {
                near[k] += length * random.nextGaussian();
            }
            assertTrue(objective(near, epsilon) >= least - Tolerances.EXACT_SOLVE * least, "a lower point is near");
        }
    }

    @Test
    void residualIsTheGradientWhereNoKinkIsNear() {
        double epsilon = 0.01;
        PbrfResponse response = respond(epsilon);
        double[] found = response.offset().toFlat();
        assertTrue(response.converged() && START[1] + found[1] > 0.01, "residual " + response.residual());
        double expected = gradientNorm(found, epsilon, 0) / gradientNorm(new double[found.length], epsilon, 0);
        assertEquals(expected, response.residual(), Tolerances.GRADIENT_BY_DIFFERENCES);
    }
}
