package io.github.influence4j.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a network gives and refuses. */
class MlpTest {

    private static final MlpShape CLASSIFIER = MlpShape.of(Activation.TANH, Loss.SOFTMAX_CROSS_ENTROPY, 2, 3, 3);
    private static final MlpShape REGRESSION = MlpShape.of(Activation.RELU, Loss.SQUARED_ERROR, 2, 1);
    private static final CaptureSink IGNORED = capture -> {};

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);

    @Test
    void outputsAreThoseOfPlainLoops() {
        try (Mlp model = Networks.random(backend, CLASSIFIER, 3)) {
            ExampleBatch<LabelledExample> batch = Networks.batch(CLASSIFIER, 6, 4);
            double[][] first = model.weights().layer("layer1").toArray();
            double[][] second = model.weights().layer("layer2").toArray();
            double[][] expected = new double[6][];
            double[][] probabilities = new double[6][3];
            double[] losses = new double[6];
            for (int e = 0; e < 6; e++) {
                double[] hidden = affine(first, batch.examples().get(e).features());
                Arrays.setAll(hidden, u -> Math.tanh(hidden[u]));
                double[] outputs = affine(second, hidden);
                double sum = Arrays.stream(outputs).map(Math::exp).sum();
                Arrays.setAll(probabilities[e], c -> Math.exp(outputs[c]) / sum);
                expected[e] = outputs;
                losses[e] = -Math.log(probabilities[e][batch.examples().get(e).label()]);
            }
            MatrixAssert.assertClose(expected, model.outputs(batch), Tolerances.REORDERED_FLOAT64, "outputs");
            MatrixAssert.assertClose(
                    probabilities, model.predictions(batch), Tolerances.REORDERED_FLOAT64, "probabilities");
            MatrixAssert.assertClose(losses, model.losses(batch), Tolerances.REORDERED_FLOAT64, "losses");
        }
    }

    @Test
    void regressionPredictsItsOutputs() {
        try (Mlp model = Networks.random(backend, REGRESSION, 3)) {
            ExampleBatch<LabelledExample> batch = Networks.batch(REGRESSION, 2, 4);
            assertArrayEquals(model.outputs(batch), model.predictions(batch));
        }
    }

    @ParameterizedTest
    @EnumSource
    void initialWeightsFollowTheSeedWithTheRightVariance(Activation activation) {
        MlpShape shape = MlpShape.of(activation, Loss.SQUARED_ERROR, 200, 100);
        try (Mlp model = Mlp.create(backend, shape, 1);
                Mlp same = Mlp.create(backend, shape, 1);
                Mlp other = Mlp.create(backend, shape, 2)) {
            assertEquals(model.fingerprint(), same.fingerprint());
            assertNotEquals(model.fingerprint(), other.fingerprint());
            double squares = 0;
            for (double[] row : model.weights().layer("layer1").toArray()) {
                assertEquals(0, row[200], "bias");
                squares += Arrays.stream(row).map(w -> w * w).sum();
            }
            boolean rectifier = activation == Activation.RELU || activation == Activation.GELU;
            double expected = rectifier ? 2.0 / 200 : 2.0 / 300;
            assertEquals(expected, squares / 20_000, Tolerances.VARIANCE_OF_20000 * expected);
        }
    }

    @Test
    void copiesAreIndependent() {
        ExampleBatch<LabelledExample> batch = Networks.batch(CLASSIFIER, 3, 4);
        try (Mlp model = Networks.random(backend, CLASSIFIER, 3)) {
            double[][] before = model.outputs(batch);
            LayerGradients weights = model.weights();
            double[] doubled = Arrays.stream(weights.toFlat()).map(w -> 2 * w).toArray();
            try (Mlp copy = model.withWeights(weights);
                    Mlp other = model.withWeights(LayerGradients.ofFlat(model.layers(), doubled))) {
                assertEquals(model.fingerprint(), copy.fingerprint());
                assertNotEquals(model.fingerprint(), other.fingerprint());
                assertArrayEquals(doubled, other.weights().toFlat());
                other.outputs(batch);
                copy.setWeights(0, new double[9]);
                assertNotEquals(model.fingerprint(), copy.fingerprint());
            }
            assertArrayEquals(before, model.outputs(batch));
            assertArrayEquals(weights.toFlat(), model.weights().toFlat());
        }
    }

    @Test
    void fingerprintAlsoNamesTheForm() {
        MlpShape tanh = MlpShape.of(Activation.TANH, Loss.SQUARED_ERROR, 3, 1, 1);
        MlpShape identity = MlpShape.of(Activation.IDENTITY, Loss.SQUARED_ERROR, 3, 1, 1);
        try (Mlp one = Mlp.create(backend, tanh, 1);
                Mlp other = Mlp.create(backend, identity, 1)) {
            assertArrayEquals(one.weights().toFlat(), other.weights().toFlat());
            assertNotEquals(one.fingerprint(), other.fingerprint());
            assertTrue(one.fingerprint().orElseThrow().matches("sha256:[0-9a-f]{64}"));
        }
    }

    @Test
    void closedNetworkIsRefused() {
        Mlp model = Networks.random(backend, CLASSIFIER, 3);
        model.close();
        model.close();
        refused(IllegalStateException.class, "closed", () -> model.losses(Networks.batch(CLASSIFIER, 1, 1)));
        refused(IllegalStateException.class, "closed", model::weights);
    }

    @Test
    void badExamplesAreRefused() {
        try (Mlp model = Networks.random(backend, CLASSIFIER, 3);
                Mlp regression = Networks.random(backend, REGRESSION, 3)) {
            refused(
                    IllegalArgumentException.class,
                    "example 42: layer layer1 expects 2 features, found 3",
                    () -> model.losses(one(LabelledExample.classified(new double[3], 0))));
            refused(
                    NumericalException.class,
                    "example 42: feature 1 is NaN",
                    () -> capture(model, LabelledExample.classified(new double[] {0, Double.NaN}, 0)));
            refused(
                    NumericalException.class,
                    "example 42: feature 0 is Infinity",
                    () -> model.product(
                            one(LabelledExample.classified(new double[] {Double.POSITIVE_INFINITY, 0}, 0)),
                            model.weights()));
            refused(
                    IllegalArgumentException.class,
                    "example 42: label must be one of 0..2, found 3",
                    () -> capture(model, LabelledExample.classified(new double[2], 3)));
            refused(
                    IllegalArgumentException.class,
                    "label must be one of 0..2, found 0.5",
                    () -> capture(model, new LabelledExample(new double[2], new double[] {0.5})));
            refused(
                    IllegalArgumentException.class,
                    "found a target of 2 numbers",
                    () -> capture(model, LabelledExample.regression(new double[2], 0, 0)));
            refused(
                    IllegalArgumentException.class,
                    "example 42: expected 1 targets, found 0",
                    () -> capture(regression, LabelledExample.regression(new double[2])));
            refused(
                    NumericalException.class,
                    "example 42: target 0 is NaN",
                    () -> capture(regression, LabelledExample.regression(new double[2], Double.NaN)));
        }
    }

    @Test
    void targetsAreOnlyLookedAtWhereTheyCount() {
        ExampleBatch<LabelledExample> batch = one(LabelledExample.classified(new double[2], 99));
        try (Mlp model = Networks.random(backend, CLASSIFIER, 3)) {
            assertEquals(1, model.outputs(batch).length);
            model.capture(batch, new Objective.SampledLabels(1), model.layers(), IGNORED);
            model.capture(batch, new Objective.OutputHessianRoot(2), model.layers(), IGNORED);
            model.product(batch, model.weights());
        }
    }

    @Test
    void badRequestsAreRefused() {
        ExampleBatch<LabelledExample> batch = Networks.batch(CLASSIFIER, 1, 1);
        try (Mlp model = Networks.random(backend, CLASSIFIER, 3)) {
            refused(
                    IllegalArgumentException.class,
                    "output Hessian's root must be below 3, found 3",
                    () -> model.capture(batch, new Objective.OutputHessianRoot(3), model.layers(), IGNORED));
            List<LayerSpec> unknown = List.of(LayerSpec.dense("layer9", 2, 3));
            refused(
                    IllegalArgumentException.class,
                    "layer9",
                    () -> model.capture(batch, new Objective.TrainingLoss(), unknown, IGNORED));
            double[] flat = model.weights().toFlat();
            flat[10] = Double.NaN;
            refused(
                    NumericalException.class,
                    "layer layer2: a weight is NaN",
                    () -> model.withWeights(LayerGradients.ofFlat(model.layers(), flat)));
            refused(
                    IllegalArgumentException.class,
                    "layer9",
                    () -> model.withWeights(LayerGradients.ofFlat(unknown, new double[9])));
        }
    }

    @Test
    void overflowIsFound() {
        MlpShape shape = MlpShape.of(Activation.IDENTITY, Loss.SQUARED_ERROR, 1, 1, 1);
        try (Mlp initial = Mlp.create(backend, shape, 1);
                Mlp model =
                        initial.withWeights(LayerGradients.ofFlat(shape.layers(), new double[] {1e200, 0, 1e200, 0}))) {
            LabelledExample example = LabelledExample.regression(new double[] {1}, 0);
            refused(
                    NumericalException.class,
                    "example 42: output 0 of the network is Infinity",
                    () -> capture(model, example));
            refused(
                    NumericalException.class,
                    "output 0 of the network is Infinity",
                    () -> model.product(one(example), model.weights()));
        }
    }

    @Test
    void badShapesAreRefused() {
        refused(
                IllegalArgumentException.class,
                "found sizes [4]",
                () -> MlpShape.of(Activation.TANH, Loss.SQUARED_ERROR, 4));
        refused(
                IllegalArgumentException.class,
                "must be positive",
                () -> MlpShape.of(Activation.TANH, Loss.SQUARED_ERROR, 4, 0, 1));
        refused(
                IllegalArgumentException.class,
                "at least two outputs",
                () -> MlpShape.of(Activation.TANH, Loss.SOFTMAX_CROSS_ENTROPY, 4, 1));
        refused(IllegalArgumentException.class, "found -1", () -> LabelledExample.classified(new double[1], -1));
    }

    @Test
    void labelIsThatOfAClassifiedExampleOnly() {
        assertEquals(7, LabelledExample.classified(new double[1], 7).label());
        refused(IllegalStateException.class, "2 numbers", () -> LabelledExample.regression(new double[1], 1, 2)
                .label());
        refused(IllegalStateException.class, "0.5", () -> LabelledExample.regression(new double[1], 0.5)
                .label());
    }

    private static double[] affine(double[][] weights, double[] inputs) {
        double[] outputs = new double[weights.length];
        for (int o = 0; o < outputs.length; o++) {
            outputs[o] = weights[o][inputs.length];
            for (int i = 0; i < inputs.length; i++) {
                outputs[o] += weights[o][i] * inputs[i];
            }
        }
        return outputs;
    }

    private static void capture(Mlp model, LabelledExample example) {
        model.capture(one(example), new Objective.TrainingLoss(), model.layers(), IGNORED);
    }

    private static ExampleBatch<LabelledExample> one(LabelledExample example) {
        return new ExampleBatch<>(List.of(example), new long[] {42});
    }

    private static void refused(Class<? extends RuntimeException> type, String message, Executable action) {
        RuntimeException error = assertThrows(type, action);
        assertTrue(error.toString().contains(message), error::toString);
    }
}
