package io.github.influence4j.testkit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.testkit.PlainLinearModel.Example;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The README's own model keeps the contract, its root of the output Hessian included. */
class PlainLinearContractTest extends GradientProviderContract<Example> {

    private static final int CLASSES = 3;
    private static final int FEATURES = 4;

    private final Random random = new Random(21);
    private final double[][] weights =
            IntStream.range(0, CLASSES).mapToObj(c -> normal(FEATURES + 1)).toArray(double[][]::new);
    private final List<Example> data = IntStream.range(0, 8)
            .mapToObj(e -> new Example(normal(FEATURES), e % CLASSES))
            .toList();

    private double[] normal(int size) {
        return random.doubles(size, -1, 1).toArray();
    }

    @Override
    protected HostModel<Example> host() {
        return new Host(new PlainLinearModel(weights), weights, data);
    }

    @Test
    void byHandIsWhatTheLossDoes() {
        double[] outputs = {0.3, -1.2, 0.8};
        double[] p = softmax(outputs);
        for (Objective objective : List.of(
                new Objective.TrainingLoss(),
                new Objective.Measurement(),
                new Objective.SampledLabels(3, 2),
                new Objective.OutputHessianRoot(1))) {
            double[] expected = new double[CLASSES];
            Loss.SOFTMAX_CROSS_ENTROPY.outputGradient(objective, outputs, new double[] {2}, 17, 0, expected);
            assertArrayEquals(
                    expected,
                    LossByHand.outputGradient(p, 2, objective, 17),
                    Tolerances.REORDERED_FLOAT64,
                    objective::toString);
        }
    }

    static double[] softmax(double[] outputs) {
        double sum = Arrays.stream(outputs).map(Math::exp).sum();
        return Arrays.stream(outputs).map(z -> Math.exp(z) / sum).toArray();
    }

    @SuppressWarnings("ArrayRecordComponent") // moved in place by the contract, never compared
    private record Host(PlainLinearModel model, double[][] own, List<Example> data) implements HostModel<Example> {

        @Override
        public GradientProvider<Example> provider() {
            return model;
        }

        @Override
        public ExampleSource<Example> examples() {
            return ExampleSource.of(data);
        }

        @Override
        public double[] losses(List<Example> examples) {
            return examples.stream()
                    .mapToDouble(e -> -Math.log(probabilities(e)[e.label()]))
                    .toArray();
        }

        private double[] probabilities(Example example) {
            double[] outputs = new double[CLASSES];
            for (int c = 0; c < CLASSES; c++) {
                outputs[c] = own[c][FEATURES];
                for (int i = 0; i < FEATURES; i++) {
                    outputs[c] += own[c][i] * example.features()[i];
                }
            }
            return softmax(outputs);
        }

        @Override
        public double[][] weights(LayerSpec layer) {
            return Arrays.stream(own).map(double[]::clone).toArray(double[][]::new);
        }

        @Override
        public void setWeights(LayerSpec layer, double[][] weights) {
            System.arraycopy(weights, 0, own, 0, CLASSES);
        }

        @Override
        public Prediction prediction(Example example) {
            return new Prediction.Classes(new double[][] {probabilities(example)});
        }

        @Override
        public Precision precision() {
            return Precision.FLOAT64;
        }
    }
}
