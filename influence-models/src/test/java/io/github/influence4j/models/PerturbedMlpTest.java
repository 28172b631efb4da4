package io.github.influence4j.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.Tolerances;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A network as a model whose weights can be moved. */
class PerturbedMlpTest {

    private static final MlpShape CLASSIFIER = MlpShape.of(Activation.TANH, Loss.SOFTMAX_CROSS_ENTROPY, 2, 3, 3);
    private static final double STEP = 1e-5;

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);

    @Test
    void offsetsAddToTheWeightsOfAnIndependentModel() {
        try (Mlp model = Networks.random(backend, CLASSIFIER, 3)) {
            double[] before = model.weights().toFlat();
            double[] offset = new Random(1).doubles(before.length).toArray();
            try (Mlp moved = model.at(LayerGradients.ofFlat(model.layers(), offset))) {
                double[] after = moved.weights().toFlat();
                for (int k = 0; k < before.length; k++) {
                    assertEquals(before[k] + offset[k], after[k]);
                }
            }
            assertArrayEquals(before, model.weights().toFlat());
        }
    }

    @Test
    void transposedJacobianProductIsTheGradientOfAWeightedSumOfOutputs() {
        try (Mlp model = Networks.random(backend, CLASSIFIER, 3)) {
            ExampleBatch<LabelledExample> batch = Networks.batch(CLASSIFIER, 4, 5);
            Random random = new Random(2);
            double[][][] u = new double[4][1][];
            Arrays.setAll(u, z -> new double[][] {random.doubles(3).toArray()});
            double[] gradient = model.transposedJacobianProduct(batch, u).toFlat();
            for (int k = 0; k < gradient.length; k++) {
                double difference = weighted(model, batch, u, k, STEP) - weighted(model, batch, u, k, -STEP);
                assertEquals(difference / (2 * STEP), gradient[k], Tolerances.FINITE_DIFFERENCE, "weight " + k);
            }
        }
    }

    private static double weighted(
            Mlp model, ExampleBatch<LabelledExample> batch, double[][][] u, int weight, double step) {
        double[] offset = new double[model.weights().toFlat().length];
        offset[weight] = step;
        double sum = 0;
        try (Mlp moved = model.at(LayerGradients.ofFlat(model.layers(), offset))) {
            double[][][] outputs = moved.positionOutputs(batch);
            for (int z = 0; z < u.length; z++) {
                for (int c = 0; c < u[z][0].length; c++) {
                    sum += u[z][0][c] * outputs[z][0][c];
                }
            }
        }
        return sum;
    }

    @Test
    void objectivesAreTheLosses() {
        try (Mlp model = Networks.random(backend, CLASSIFIER, 3)) {
            ExampleBatch<LabelledExample> batch = Networks.batch(CLASSIFIER, 4, 5);
            assertArrayEquals(model.losses(batch), model.objectives(batch, new Objective.Measurement()));
            assertArrayEquals(model.losses(batch), model.objectives(batch, new Objective.TrainingLoss()));
            assertEquals(1, model.positionObjectives(batch, new Objective.Measurement())[0].length);
            assertEquals(Loss.SOFTMAX_CROSS_ENTROPY, model.outputLoss());
        }
    }

    @Test
    void whatTheNetworkHasNotIsRefused() {
        try (Mlp model = Networks.random(backend, CLASSIFIER, 3)) {
            ExampleBatch<LabelledExample> batch = Networks.batch(CLASSIFIER, 2, 5);
            assertThrows(
                    UnsupportedOperationException.class,
                    () -> model.positionObjectives(batch, new Objective.SampledLabels(1)));
            assertThrows(UnsupportedOperationException.class, () -> model.embeddings(batch));
            assertThrows(
                    UnsupportedOperationException.class,
                    () -> model.embeddingGradients(batch, new Objective.Measurement()));
            IllegalArgumentException examples = assertThrows(
                    IllegalArgumentException.class, () -> model.transposedJacobianProduct(batch, new double[1][1][3]));
            assertTrue(String.valueOf(examples.getMessage()).contains("1 examples for a batch of 2"));
            IllegalArgumentException outputs = assertThrows(
                    IllegalArgumentException.class, () -> model.transposedJacobianProduct(batch, new double[2][1][2]));
            assertTrue(String.valueOf(outputs.getMessage()).contains("must be 1 x 3"));
        }
    }
}
