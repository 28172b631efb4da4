package io.github.influence4j.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerGradients;
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
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MlpTrainingTest {

    private static final MlpShape SHAPE = MlpShape.of(Activation.TANH, Loss.SOFTMAX_CROSS_ENTROPY, 2, 8, 3);

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
    private final ExampleSource<LabelledExample> data = ExampleSource.of(clusters(90));

    static Stream<TrainingOptions> options() {
        return Stream.of(
                        TrainingOptions.sgd(),
                        TrainingOptions.adam(),
                        TrainingOptions.sgd()
                                .withOptimizer(new Optimizer.Sgd(0))
                                .withWeightDecay(1e-3),
                        TrainingOptions.adam().withSchedule(TrainingOptions.Schedule.CONSTANT))
                .map(options -> options.withBatchSize(8));
    }

    @ParameterizedTest
    @MethodSource("options")
    void trainingLearnsAndIsReproducible(TrainingOptions options) {
        try (Mlp start = Mlp.create(backend, SHAPE, 1)) {
            double[] before = start.weights().toFlat();
            try (TrainedMlp trained = MlpTraining.train(start, data, options);
                    TrainedMlp again = MlpTraining.train(start, data, options);
                    TrainedMlp other = MlpTraining.train(start, data, options.withSeed(99))) {
                assertEquals(options.epochs(), trained.losses().size());
                double first = trained.losses().get(0);
                double last = trained.losses().get(options.epochs() - 1);
                assertTrue(last < 0.3 * first, () -> "loss from " + first + " to " + last);
                assertArrayEquals(
                        trained.model().weights().toFlat(),
                        again.model().weights().toFlat());
                assertEquals(trained.losses(), again.losses());
                assertNotEquals(trained.model().fingerprint(), other.model().fingerprint());
            }
            assertArrayEquals(before, start.weights().toFlat());
        }
    }

    @Test
    void oneStepOfSgdIsTheMeanGradientAndTheDecay() {
        TrainingOptions options = TrainingOptions.sgd()
                .withSchedule(TrainingOptions.Schedule.CONSTANT)
                .withLearningRate(0.1)
                .withWeightDecay(0.02)
                .withBatchSize(1000);
        try (Mlp start = Networks.random(backend, SHAPE, 1)) {
            double[] w0 = start.weights().toFlat();
            double[] g0 = meanGradient(start);
            double[] w1 = new double[w0.length];
            double[] w2 = new double[w0.length];
            double[] velocity = new double[w0.length];
            for (int k = 0; k < w0.length; k++) {
                velocity[k] = g0[k] + 0.02 * w0[k];
                w1[k] = w0[k] - 0.1 * velocity[k];
            }
            assertTrained(start, options.withEpochs(1), w1);
            double[] g1 = meanGradient(start, w1);
            for (int k = 0; k < w0.length; k++) {
                velocity[k] = 0.9 * velocity[k] + g1[k] + 0.02 * w1[k];
                w2[k] = w1[k] - 0.1 * velocity[k];
            }
            assertTrained(start, options.withEpochs(2), w2);
        }
    }

    @Test
    void twoStepsOfAdamAreThoseOfThePaper() {
        TrainingOptions options = TrainingOptions.adam()
                .withSchedule(TrainingOptions.Schedule.CONSTANT)
                .withLearningRate(0.01)
                .withWeightDecay(0.02)
                .withBatchSize(90);
        try (Mlp start = Networks.random(backend, SHAPE, 1)) {
            double[] w = start.weights().toFlat();
            double[] m = new double[w.length];
            double[] v = new double[w.length];
            for (int t = 1; t <= 2; t++) {
                double[] g = meanGradient(start, w);
                for (int k = 0; k < w.length; k++) {
                    m[k] = 0.9 * m[k] + 0.1 * g[k];
                    v[k] = 0.999 * v[k] + 0.001 * g[k] * g[k];
                    double mHat = m[k] / (1 - Math.pow(0.9, t));
                    double vHat = v[k] / (1 - Math.pow(0.999, t));
                    w[k] -= 0.01 * (mHat / (Math.sqrt(vHat) + 1e-8) + 0.02 * w[k]);
                }
                assertTrained(start, options.withEpochs(t), w.clone());
            }
        }
    }

    @Test
    void cosineFallsFromTheRateToZero() {
        TrainingOptions cosine = TrainingOptions.sgd().withLearningRate(0.2);
        assertEquals(0.2, cosine.rate(0, 100));
        assertEquals(0.1, cosine.rate(50, 100), Tolerances.REORDERED_FLOAT64);
        assertTrue(cosine.rate(99, 100) > 0 && cosine.rate(99, 100) < 1e-3 * 0.2);
        assertEquals(0.2, cosine.withSchedule(TrainingOptions.Schedule.CONSTANT).rate(99, 100));
    }

    @Test
    void lossOfTheFirstEpochIsThatOfTheStartWhereThereIsOneStep() {
        try (Mlp start = Networks.random(backend, SHAPE, 1);
                TrainedMlp trained = MlpTraining.train(
                        start, data, TrainingOptions.sgd().withBatchSize(90).withEpochs(1))) {
            double total = 0;
            for (double loss : start.losses(data.batches(90).iterator().next())) {
                total += loss;
            }
            assertEquals(total / 90, trained.losses().get(0), Tolerances.REORDERED_FLOAT64);
        }
    }

    @Test
    void divergenceIsRefusedWithEpochAndStep() {
        MlpShape shape = MlpShape.of(Activation.IDENTITY, Loss.SQUARED_ERROR, 2, 4, 1);
        ExampleSource<LabelledExample> regression = ExampleSource.of(Networks.examples(shape, 40, 1));
        try (Mlp start = Mlp.create(backend, shape, 1)) {
            refused(
                    NumericalException.class,
                    "training diverged: the loss is ",
                    () -> MlpTraining.train(
                            start, regression, TrainingOptions.sgd().withLearningRate(1e6)));
            NumericalException error = assertThrows(
                    NumericalException.class,
                    () -> MlpTraining.train(
                            start, regression, TrainingOptions.sgd().withLearningRate(1e6)));
            assertTrue(error.toString().matches("(?s).* in epoch \\d+, step \\d of 2"), error::toString);
        }
    }

    @Test
    void badInputIsRefused() {
        try (Mlp start = Mlp.create(backend, SHAPE, 1)) {
            refused(
                    IllegalArgumentException.class,
                    "empty data set",
                    () -> MlpTraining.train(start, ExampleSource.of(List.of()), TrainingOptions.sgd()));
            refused(
                    IllegalArgumentException.class,
                    "label must be one of 0..2, found 3",
                    () -> MlpTraining.train(
                            start,
                            ExampleSource.of(List.of(LabelledExample.classified(new double[2], 3))),
                            TrainingOptions.sgd()));
        }
        TrainingOptions sgd = TrainingOptions.sgd();
        refused(IllegalArgumentException.class, "learning rate", () -> sgd.withLearningRate(0));
        refused(IllegalArgumentException.class, "NaN", () -> sgd.withLearningRate(Double.NaN));
        refused(IllegalArgumentException.class, "weight decay", () -> sgd.withWeightDecay(-1));
        refused(IllegalArgumentException.class, "found 0 and 30", () -> sgd.withBatchSize(0));
        refused(IllegalArgumentException.class, "found 32 and 0", () -> sgd.withEpochs(0));
        refused(IllegalArgumentException.class, "momentum", () -> new Optimizer.Sgd(1));
        refused(IllegalArgumentException.class, "beta2", () -> new Optimizer.Adam(0.9, -1, 1e-8));
        refused(IllegalArgumentException.class, "epsilon", () -> new Optimizer.Adam(0.9, 0.999, 0));
    }

    @Test
    void interruptCancelsBetweenSteps() {
        List<Long> epochs = new ArrayList<>();
        try (Mlp start = Mlp.create(backend, SHAPE, 1)) {
            refused(
                    CancellationException.class,
                    "interrupted in epoch 4 of 30, step 1",
                    () -> MlpTraining.train(start, data, TrainingOptions.sgd(), (stage, done, total) -> {
                        epochs.add(done);
                        assertEquals("training", stage);
                        assertEquals(30, total);
                        if (done == 3) {
                            Thread.currentThread().interrupt();
                        }
                    }));
        } finally {
            assertTrue(Thread.interrupted(), "the interrupt stays set");
        }
        assertEquals(List.of(1L, 2L, 3L), epochs);
    }

    private void assertTrained(Mlp start, TrainingOptions options, double[] expected) {
        try (TrainedMlp trained = MlpTraining.train(start, data, options)) {
            MatrixAssert.assertClose(
                    expected,
                    trained.model().weights().toFlat(),
                    Tolerances.REORDERED_FLOAT64,
                    "weights after " + options.epochs() + " steps");
        }
    }

    private double[] meanGradient(Mlp model, double[] weights) {
        try (Mlp moved = model.withWeights(LayerGradients.ofFlat(model.layers(), weights))) {
            return meanGradient(moved);
        }
    }

    private double[] meanGradient(Mlp model) {
        ExampleBatch<LabelledExample> all = data.batches(90).iterator().next();
        double[] mean = new double[model.weights().toFlat().length];
        for (LayerGradients gradient : GradientChecks.gradients(model, all, new Objective.TrainingLoss())) {
            double[] flat = gradient.toFlat();
            for (int k = 0; k < mean.length; k++) {
                mean[k] += flat[k] / 90;
            }
        }
        return mean;
    }

    private static List<LabelledExample> clusters(int count) {
        Random random = new Random(12);
        List<LabelledExample> examples = new ArrayList<>();
        for (int e = 0; e < count; e++) {
            double angle = 2 * Math.PI * (e % 3) / 3;
            examples.add(LabelledExample.classified(
                    new double[] {
                        2 * Math.cos(angle) + 0.4 * random.nextGaussian(),
                        2 * Math.sin(angle) + 0.4 * random.nextGaussian()
                    },
                    e % 3));
        }
        return examples;
    }

    private static void refused(Class<? extends RuntimeException> type, String message, Executable action) {
        RuntimeException error = assertThrows(type, action);
        assertTrue(error.toString().contains(message), error::toString);
    }
}
