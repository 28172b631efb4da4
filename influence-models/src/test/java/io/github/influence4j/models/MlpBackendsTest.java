package io.github.influence4j.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.GradientChecks;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** OpenBLAS in both precisions against EJML in float64, on the same weights. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MlpBackendsTest {

    private static final MlpShape SHAPE = MlpShape.of(Activation.GELU, Loss.SOFTMAX_CROSS_ENTROPY, 13, 17, 11, 7);

    private final MatrixBackend reference = MatrixBackends.named("ejml", Precision.FLOAT64);
    private final ExampleBatch<LabelledExample> batch = Networks.batch(SHAPE, 37, 5);
    private final Mlp expected = rounded();

    /** Weights that float32 holds exactly, so that only the computation is compared. */
    private Mlp rounded() {
        try (Mlp random = Networks.random(reference, SHAPE, 3)) {
            double[] flat = random.weights().toFlat();
            for (int k = 0; k < flat.length; k++) {
                flat[k] = (float) flat[k];
            }
            return random.withWeights(LayerGradients.ofFlat(random.layers(), flat));
        }
    }

    /** Rows that several cores share, beside one core: what goes forward, what comes back, and which row is refused. */
    @Test
    void batchesThatCoresShareAreThoseOfOne() {
        MlpShape wide = MlpShape.of(Activation.GELU, Loss.SOFTMAX_CROSS_ENTROPY, 100, 110, 3);
        ExampleBatch<LabelledExample> many = Networks.batch(wide, 701, 5);
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT64);
                Mlp one = Networks.random(reference, wide, 3);
                Mlp initial = Mlp.create(backend, wide, 1);
                Mlp model = initial.withWeights(one.weights())) {
            double tolerance = Tolerances.reordered(Precision.FLOAT64);
            MatrixAssert.assertClose(one.outputs(many), model.outputs(many), tolerance, "outputs");
            for (LayerSpec layer : wide.layers()) {
                MatrixAssert.assertClose(
                        one.product(many, one.weights()).layer(layer.name()),
                        model.product(many, one.weights()).layer(layer.name()),
                        tolerance,
                        "product at " + layer.name());
            }
            many.examples().get(700).features()[99] = Double.NaN;
            assertEquals(
                    "example 5900: feature 99 is NaN",
                    assertThrows(NumericalException.class, () -> model.outputs(many))
                            .getMessage());
        }
    }

    @AfterAll
    void close() {
        expected.close();
        reference.close();
    }

    @ParameterizedTest
    @EnumSource
    void computesWhatEjmlDoes(Precision precision) {
        double tolerance = Tolerances.reordered(precision);
        try (MatrixBackend backend = MatrixBackends.named("openblas", precision);
                Mlp initial = Mlp.create(backend, SHAPE, 1);
                Mlp model = initial.withWeights(expected.weights())) {
            assertArrayEquals(expected.weights().toFlat(), model.weights().toFlat());
            MatrixAssert.assertClose(expected.outputs(batch), model.outputs(batch), tolerance, "outputs");
            MatrixAssert.assertClose(expected.losses(batch), model.losses(batch), tolerance, "losses");
            for (Objective objective : List.of(
                    new Objective.TrainingLoss(), new Objective.SampledLabels(4), new Objective.OutputHessianRoot(2))) {
                MatrixAssert.assertClose(
                        gradients(expected, objective), gradients(model, objective), tolerance, objective.toString());
            }
            LayerGradients v = LayerGradients.ofFlat(
                    model.layers(),
                    new Random(8)
                            .doubles(model.weights().toFlat().length, -1, 1)
                            .toArray());
            for (LayerSpec layer : model.layers()) {
                MatrixAssert.assertClose(
                        expected.product(batch, v).layer(layer.name()),
                        model.product(batch, v).layer(layer.name()),
                        tolerance,
                        "product at " + layer.name());
            }
            GradientChecks.sampledLabelsFollowSeedAndId(
                    model, ExampleSource.of(Networks.examples(SHAPE, 60, 9)), tolerance);
        }
    }

    @ParameterizedTest
    @EnumSource
    void trainsReproduciblyAndInSmallBatches(Precision precision) {
        ExampleSource<LabelledExample> data = ExampleSource.of(separable());
        TrainingOptions options =
                TrainingOptions.adam().withLearningRate(0.02).withBatchSize(25).withEpochs(20);
        try (MatrixBackend backend = MatrixBackends.named("openblas", precision);
                Mlp start = Mlp.create(backend, SHAPE, 1);
                TrainedMlp trained = MlpTraining.train(start, data, options);
                TrainedMlp again = MlpTraining.train(start, data, options)) {
            double first = trained.losses().get(0);
            double last = trained.losses().get(19);
            assertTrue(last < 0.3 * first, () -> "loss from " + first + " to " + last);
            assertArrayEquals(
                    trained.model().weights().toFlat(), again.model().weights().toFlat());
        }
    }

    private static List<LabelledExample> separable() {
        List<LabelledExample> examples = new ArrayList<>();
        int k = 0;
        for (LabelledExample example : Networks.examples(SHAPE, 70, 2)) {
            example.features()[k % 7] += 6;
            examples.add(LabelledExample.classified(example.features(), k++ % 7));
        }
        return examples;
    }

    private double[][] gradients(Mlp model, Objective objective) {
        return GradientChecks.gradients(model, batch, objective).stream()
                .map(LayerGradients::toFlat)
                .toArray(double[][]::new);
    }
}
