package io.github.influence4j.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Checkpoints;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.Tolerances;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Checkpoints against shorter trainings and against sums of the schedule's rates. */
class MlpCheckpointsTest {

    private static final MlpShape SHAPE = MlpShape.of(Activation.TANH, Loss.SQUARED_ERROR, 3, 4, 1);

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
    private final ExampleSource<LabelledExample> data = ExampleSource.of(Networks.examples(SHAPE, 20, 1));

    private MlpCheckpoints train(TrainingOptions options, int segments, int perSegment) {
        try (Mlp start = Networks.random(backend, SHAPE, 2)) {
            return MlpCheckpoints.train(start, data, options, segments, perSegment, ProgressListener.silent());
        }
    }

    @Test
    void copiesAreTheNetworkInTheMiddleOfEachPart() {
        // one step an epoch, so that a shorter training is the same training stopped earlier
        TrainingOptions options = TrainingOptions.sgd()
                .withSchedule(TrainingOptions.Schedule.CONSTANT)
                .withLearningRate(0.01)
                .withBatchSize(20);
        try (MlpCheckpoints run = train(options.withEpochs(12), 3, 2);
                Mlp start = Networks.random(backend, SHAPE, 2)) {
            int[] steps = {1, 3, 5, 7, 9, 11};
            for (int c = 0; c < steps.length; c++) {
                Mlp copy = run.checkpoints().segments().get(c / 2).models().get(c % 2);
                try (TrainedMlp shorter = MlpTraining.train(start, data, options.withEpochs(steps[c]))) {
                    assertArrayEquals(
                            shorter.model().weights().toFlat(), copy.weights().toFlat(), "checkpoint " + c);
                }
            }
            try (TrainedMlp whole = MlpTraining.train(start, data, options.withEpochs(12))) {
                assertEquals(
                        whole.model().fingerprint(), run.checkpoints().trained().fingerprint());
                assertEquals(whole.losses(), run.losses());
            }
            for (Checkpoints.Segment<Mlp> segment : run.checkpoints().segments()) {
                assertEquals(4 * 0.01 / (1 - 0.9), segment.learningRateSum(), Tolerances.REORDERED_FLOAT64);
            }
        }
    }

    @Test
    void ratesOfAScheduleAddUpToTheWhole() {
        TrainingOptions options = TrainingOptions.sgd()
                .withOptimizer(new Optimizer.Sgd(0))
                .withSchedule(TrainingOptions.Schedule.COSINE)
                .withLearningRate(0.1)
                .withBatchSize(6)
                .withEpochs(5);
        double expected = 0;
        for (int step = 0; step < 20; step++) {
            expected += 0.05 * (1 + Math.cos(Math.PI * step / 20));
        }
        try (MlpCheckpoints run = train(options, 3, 1)) {
            List<Double> sums = run.checkpoints().segments().stream()
                    .map(Checkpoints.Segment::learningRateSum)
                    .toList();
            assertEquals(
                    expected, sums.stream().mapToDouble(sum -> sum).sum(), Tolerances.REORDERED_FLOAT64 * expected);
            assertTrue(sums.get(0) > sums.get(1) && sums.get(1) > sums.get(2), sums::toString);
        }
    }

    @Test
    void nonsenseIsRefused() {
        TrainingOptions options = TrainingOptions.sgd().withBatchSize(20).withEpochs(3);
        assertThrows(IllegalArgumentException.class, () -> train(options, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> train(options, 1, 0));
        IllegalArgumentException few = assertThrows(IllegalArgumentException.class, () -> train(options, 2, 2));
        assertTrue(few.toString().contains("3 steps") && few.toString().contains("4 checkpoints"), few::toString);
        // their product is 0 in 32 bits
        assertThrows(IllegalArgumentException.class, () -> train(options, 1 << 16, 1 << 16));
        IllegalArgumentException adam =
                assertThrows(IllegalArgumentException.class, () -> train(TrainingOptions.adam(), 1, 1));
        assertTrue(adam.toString().contains("SGD"), adam::toString);
    }
}
