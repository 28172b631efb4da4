package io.github.influence4j.adapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.testkit.GradientChecks;
import io.github.influence4j.testkit.GradientProviderContract;
import io.github.influence4j.testkit.HostModel;
import io.github.influence4j.testkit.Prediction;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The contract for a linear layer behind fixed features, what is refused, and the root of the output Hessian. */
class LastLayerTest {

    @Nested
    class Classes extends GradientProviderContract<LabelledExample> {
        @Override
        protected HostModel<LabelledExample> host() {
            return new Linear(Loss.SOFTMAX_CROSS_ENTROPY);
        }
    }

    @Nested
    class Values extends GradientProviderContract<LabelledExample> {
        @Override
        protected HostModel<LabelledExample> host() {
            return new Linear(Loss.SQUARED_ERROR);
        }
    }

    @Test
    void columnsOfTheRootGiveTheHessian() {
        Linear model = new Linear(Loss.SOFTMAX_CROSS_ENTROPY);
        LastLayer<LabelledExample> provider = model.own;
        ExampleBatch<LabelledExample> batch =
                model.examples().batches(6).iterator().next();
        double sum = 0;
        for (int k = 0; k < provider.outputHessianColumns(); k++) {
            double g = GradientChecks.gradients(provider, batch, new Objective.OutputHessianRoot(k))
                    .get(0)
                    .layer("head")
                    .toArray()[1][4]; // gradient in the bias of class 1
            sum += g * g;
        }
        double p = ((Prediction.Classes) model.prediction(batch.examples().get(0))).probabilities()[0][1];
        assertEquals(p * (1 - p), sum, 1e-12);
    }

    @Test
    void wrongShapesAndNumbersAreNamed() {
        LayerSpec layer = LayerSpec.dense("head", 2, 2);
        ExampleBatch<Integer> batch = new ExampleBatch<>(List.of(1), new long[] {42});
        LastLayer<Integer> wide =
                LastLayer.of(layer, Loss.SQUARED_ERROR, e -> forward(new double[2], new double[3]), e -> new double[2]);
        assertTrue(message(IllegalArgumentException.class, wide, batch).contains("outputs must be 1 x 2, found 1 x 3"));
        LastLayer<Integer> broken = LastLayer.of(
                layer,
                Loss.SQUARED_ERROR,
                e -> forward(new double[2], new double[] {0, Double.NaN}),
                e -> new double[2]);
        assertTrue(
                message(NumericalException.class, broken, batch).contains("example 42, position 0: output 1 is NaN"));
        LastLayer<Integer> label = LastLayer.of(
                layer, Loss.SOFTMAX_CROSS_ENTROPY, e -> forward(new double[2], new double[2]), e -> new double[] {7});
        assertTrue(message(IllegalArgumentException.class, label, batch).contains("example 42"));
        assertThrows(
                IllegalArgumentException.class,
                () -> label.capture(batch, new Objective.TrainingLoss(), List.of(LayerSpec.dense("x", 1, 1)), c -> {}));
        label.capture(batch, new Objective.TrainingLoss(), List.of(), c -> {});
        assertThrows(IllegalArgumentException.class, () -> new OutputGradients(Loss.SQUARED_ERROR, 0));
        assertThrows(IllegalArgumentException.class, () -> new OutputGradients(Loss.SOFTMAX_CROSS_ENTROPY, 2));
    }

    @Test
    void coverageIsAShareAndAList() {
        ParameterCoverage coverage = new ParameterCoverage(
                75, List.of(new ParameterCoverage.Uncovered("norm", "LayerNorm", 25, "excluded")));
        assertEquals(0.25, coverage.uncoveredShare());
        assertTrue(coverage.toString().contains("norm (LayerNorm): 25 parameters, excluded"));
        assertEquals(0, new ParameterCoverage(75, List.of()).uncoveredShare());
    }

    @Test
    void theShareOfTheLastLayer() {
        LastLayer<Integer> provider = LastLayer.of(
                "head",
                new double[][] {{1, 2}},
                new double[] {3},
                Loss.SQUARED_ERROR,
                e -> new double[][] {{5, 7}},
                e -> new double[] {20});
        assertEquals(0.97, provider.coverage(100).uncoveredShare());
        assertEquals(0, provider.coverage(3).uncoveredShare());
        assertThrows(IllegalArgumentException.class, () -> provider.coverage(2));
        provider.capture(
                new ExampleBatch<>(List.of(1), new long[] {0}),
                new Objective.TrainingLoss(),
                provider.layers(),
                capture -> assertEquals(
                        1 * 5 + 2 * 7 + 3 - 20, capture.outputGradients().toArray()[0][0]));
        assertThrows(
                IllegalArgumentException.class,
                () -> LastLayer.of(
                        "head",
                        new double[][] {{1, 2}},
                        new double[2],
                        Loss.SQUARED_ERROR,
                        (List<Integer> e) -> new double[0][],
                        e -> new double[0]));
    }

    private static String message(
            Class<? extends Exception> type, LastLayer<Integer> provider, ExampleBatch<Integer> batch) {
        return String.valueOf(assertThrows(
                        type, () -> provider.capture(batch, new Objective.TrainingLoss(), provider.layers(), c -> {}))
                .getMessage());
    }

    private static LastLayer.Forward forward(double[] activations, double[] outputs) {
        return new LastLayer.Forward(Matrix.of(new double[][] {activations}), Matrix.of(new double[][] {outputs}));
    }

    /** outputs = W tanh(features) + b. */
    private static final class Linear implements HostModel<LabelledExample> {
        private final Loss loss;
        private final LastLayer<LabelledExample> own;
        private final double[][] captured = weights(new Random(3));
        private double[][] moved = captured;

        Linear(Loss loss) {
            this.loss = loss;
            this.own = LastLayer.of(
                    LayerSpec.dense("head", 4, 3),
                    loss,
                    examples -> new LastLayer.Forward(
                            Matrix.of(features(examples)), Matrix.of(outputs(captured, examples))),
                    LabelledExample::target);
        }

        private static double[][] weights(Random random) {
            double[][] w = new double[3][5];
            for (double[] row : w) {
                for (int i = 0; i < row.length; i++) {
                    row[i] = random.nextGaussian();
                }
            }
            return w;
        }

        private static double[][] features(List<LabelledExample> examples) {
            return examples.stream()
                    .map(e -> java.util.Arrays.stream(e.features())
                            .map(Math::tanh)
                            .toArray())
                    .toArray(double[][]::new);
        }

        private static double[][] outputs(double[][] w, List<LabelledExample> examples) {
            double[][] a = features(examples);
            double[][] outputs = new double[a.length][3];
            for (int e = 0; e < a.length; e++) {
                for (int o = 0; o < 3; o++) {
                    outputs[e][o] = w[o][4];
                    for (int i = 0; i < 4; i++) {
                        outputs[e][o] += w[o][i] * a[e][i];
                    }
                }
            }
            return outputs;
        }

        @Override
        public GradientProvider<LabelledExample> provider() {
            return own;
        }

        @Override
        public ExampleSource<LabelledExample> examples() {
            Random random = new Random(9);
            List<LabelledExample> examples = new ArrayList<>();
            for (int e = 0; e < 6; e++) {
                double[] features = random.doubles(4, -2, 2).toArray();
                examples.add(
                        loss == Loss.SQUARED_ERROR
                                ? LabelledExample.regression(
                                        features, random.doubles(3).toArray())
                                : LabelledExample.classified(features, random.nextInt(3)));
            }
            return ExampleSource.of(examples);
        }

        @Override
        public double[] losses(List<LabelledExample> examples) {
            double[][] outputs = outputs(moved, examples);
            double[] losses = new double[outputs.length];
            for (int e = 0; e < losses.length; e++) {
                losses[e] = loss.value(outputs[e], examples.get(e).target());
            }
            return losses;
        }

        @Override
        public double[][] weights(LayerSpec layer) {
            return moved;
        }

        @Override
        public void setWeights(LayerSpec layer, double[][] weights) {
            moved = weights;
        }

        @Override
        public Prediction prediction(LabelledExample example) {
            double[][] outputs = outputs(captured, List.of(example));
            loss.predict(outputs[0].clone(), outputs[0]);
            return loss == Loss.SQUARED_ERROR ? new Prediction.Normal(1) : new Prediction.Classes(outputs);
        }

        @Override
        public Precision precision() {
            return Precision.FLOAT64;
        }
    }
}
