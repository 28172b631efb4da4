package io.github.influence4j.decoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.influence4j.api.Checkpoints;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A training run as checkpoints: against runs that end where a checkpoint was taken, and Adam's numbers written out. */
class DecoderCheckpointsTest {

    private static final Adam ADAM = new Adam(0.9, 0.98, 1e-6);

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
    private final DecoderShape shape = DecoderShape.of(5, 6, 1, 4, 2).withHidden(3);
    private final ExampleBatch<TokenSequence> batch = new ExampleBatch<>(
            List.of(
                    TokenSequence.of(1, 2, 3, 4, 0, 1),
                    TokenSequence.of(4, 3, 2),
                    TokenSequence.of(0, 4, 4, 1),
                    TokenSequence.of(2, 0),
                    TokenSequence.of(3, 1, 0, 2, 4),
                    TokenSequence.of(1, 1, 2)),
            new long[] {0, 1, 2, 3, 4, 5});
    private final ExampleSource<TokenSequence> data = ExampleSource.of(batch.examples(), batch.ids());

    /** All sequences in each step, so that a mean of gradients can be written out, and the whole rate from the first. */
    private static DecoderTrainingOptions training(int steps) {
        return DecoderTrainingOptions.defaults()
                .withOptimizer(ADAM)
                .withBatchSize(6)
                .withWarmup(0)
                .withSteps(steps);
    }

    private static void close(Checkpoints<Decoder> run) {
        run.segments().forEach(segment -> segment.models().forEach(Decoder::close));
        run.trained().close();
    }

    /** The gradient of the mean loss of a prediction in the tracked weights, with the softmax written out. */
    private double[] meanGradient(Decoder model) {
        double[][][] outputs = model.positionOutputs(batch);
        double predictions = 0;
        for (int z = 0; z < batch.size(); z++) {
            int[] tokens = batch.examples().get(z).tokens();
            for (int p = 0; p < outputs[z].length; p++) {
                double sum = Arrays.stream(outputs[z][p]).map(Math::exp).sum();
                for (int o = 0; o < outputs[z][p].length; o++) {
                    outputs[z][p][o] = Math.exp(outputs[z][p][o]) / sum - (o == tokens[p + 1] ? 1 : 0);
                }
                predictions++;
            }
        }
        double[] gradient = model.transposedJacobianProduct(batch, outputs).toFlat();
        for (int k = 0; k < gradient.length; k++) {
            gradient[k] /= predictions;
        }
        return gradient;
    }

    @Test
    void modelsAreThoseOfTheRunAndFactorsThoseOfAdam() {
        DecoderTrainingOptions options = training(4);
        try (Decoder start = Sequences.random(backend, shape, 2)) {
            Checkpoints<Decoder> run =
                    DecoderTraining.checkpoints(start, data, options, 2, 1, ProgressListener.silent());
            try (TrainedDecoder whole = DecoderTraining.train(start, data, options)) {
                assertArrayEquals(whole.model().parameters(), run.trained().parameters());
            }
            assertEquals(2, run.segments().size());
            // steps 1 and 2 are of the first segment, whose middle is after step 1
            assertEquals(
                    options.rate(0) + options.rate(1), run.segments().get(0).learningRateSum(), 1e-15);
            Decoder first = run.segments().get(0).models().get(0);
            double[] g1 = meanGradient(start);
            double[] g2 = meanGradient(first);
            double[] moved = first.weights().toFlat();
            double[] before = start.weights().toFlat();
            double[] expectedMove = new double[moved.length];
            double[] expected = new double[moved.length];
            double rates = options.rate(0) + options.rate(1);
            for (int k = 0; k < expected.length; k++) {
                double v1 = 0.02 * g1[k] * g1[k];
                double v2 = 0.98 * v1 + 0.02 * g2[k] * g2[k];
                double f1 = factor(v1, 1 - 0.98);
                double f2 = factor(v2, 1 - 0.98 * 0.98);
                expected[k] = (options.rate(0) * f1 + options.rate(1) * f2) / rates;
                expectedMove[k] =
                        before[k] * (1 - options.rate(0) * options.weightDecay()) - options.rate(0) * g1[k] * f1;
            }
            MatrixAssert.assertClose(expectedMove, moved, Tolerances.REORDERED_FLOAT64, "after one step");
            LayerGradients factors = run.segments().get(0).preconditioner().orElseThrow();
            MatrixAssert.assertClose(expected, factors.toFlat(), Tolerances.REORDERED_FLOAT64, "preconditioner");
            close(run);
        }
    }

    private static double factor(double v, double correction) {
        return v > 0 ? 1 / (Math.sqrt(v / correction) + ADAM.epsilon()) : 0;
    }

    @Test
    void tooFewStepsAreRefused() {
        try (Decoder start = Sequences.random(backend, shape, 2)) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> DecoderTraining.checkpoints(start, data, training(3), 2, 2, ProgressListener.silent()));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> DecoderTraining.checkpoints(start, data, training(3), 0, 1, ProgressListener.silent()));
        }
    }
}
