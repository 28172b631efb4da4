package io.github.influence4j.ekfac.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.CurvatureScoring;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Batches leave room for what the model holds between its passes. A study was killed at 24 GB because scores took 256 passages at
 * a time through a decoder that holds a megabyte for each of their positions.
 */
class ModelMemoryTest {

    private static final int POSITIONS = 16;
    private static final LayerSpec LAYER = LayerSpec.tokens("layer", 3, 2);
    private static final int EXAMPLES = 40;

    /** Captures get at least 64 MiB, so a position of 1 MiB leaves room for 63 of them, or three examples. */
    private static final long BYTES = 1L << 20;

    private static final int MOST = 3;

    /** Says what a position takes, and remembers the largest batch. */
    private static final class Host implements GradientProvider<Integer> {
        private final long bytes;
        private int largest;

        Host(long bytes) {
            this.bytes = bytes;
        }

        @Override
        public List<LayerSpec> layers() {
            return List.of(LAYER);
        }

        @Override
        public int positions(Integer example) {
            return POSITIONS;
        }

        @Override
        public long bytesPerPosition() {
            return bytes;
        }

        @Override
        public void capture(
                ExampleBatch<Integer> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
            largest = Math.max(largest, batch.size());
            int rows = batch.size() * POSITIONS;
            float[] inputs = new float[rows * 3];
            float[] gradients = new float[rows * 2];
            for (int e = 0; e < batch.size(); e++) {
                Random random = new Random(batch.examples().get(e));
                for (int k = 0; k < POSITIONS * 3; k++) {
                    inputs[e * POSITIONS * 3 + k] = (float) random.nextGaussian();
                }
                for (int k = 0; k < POSITIONS * 2; k++) {
                    gradients[e * POSITIONS * 2 + k] = (float) random.nextGaussian();
                }
            }
            sink.accept(LayerCapture.of(
                    LAYER, batch.size(), POSITIONS, Matrix.of(inputs, rows, 3), Matrix.of(gradients, rows, 2)));
        }
    }

    private static ExampleSource<Integer> examples() {
        return ExampleSource.of(IntStream.range(0, EXAMPLES).boxed().toList());
    }

    @Test
    void everyStageLeavesRoomForIt() {
        Host host = new Host(BYTES);
        FitOptions fit = FitOptions.defaults().withMemoryLimit(64L << 20);
        ScoreOptions score = ScoreOptions.defaults().withMemoryLimit(64L << 20);
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32);
                FittedCurvature<Integer> ekfac = Ekfac.on(backend).with(fit).fit(host, examples())) {
            assertEquals(MOST, host.largest, "fit");
            CurvatureScoring<Integer> scoring = ekfac.damped(Damping.DEFAULT).with(score);
            host.largest = 0;
            scoring.pairwise(examples(), examples());
            assertEquals(MOST, host.largest, "scores");
            host.largest = 0;
            scoring.topK(examples(), examples(), 2);
            assertEquals(MOST, host.largest, "top k");
            host.largest = 0;
            scoring.selfInfluence(examples());
            assertEquals(MOST, host.largest, "self-influence");
        }
    }

    @Test
    void whoSaysNothingGetsWholeBatches() {
        Host host = new Host(0);
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32);
                FittedCurvature<Integer> ekfac = Ekfac.on(backend).fit(host, examples())) {
            assertTrue(ekfac.layers().equals(host.layers()));
            assertEquals(EXAMPLES, host.largest);
        }
    }

    @Test
    void aNegativeNumberIsRefused() {
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            IllegalArgumentException refusal = assertThrows(
                    IllegalArgumentException.class, () -> Ekfac.on(backend).fit(new Host(-1), examples()));
            assertTrue(refusal.toString().contains("-1 bytes"), refusal::toString);
        }
    }

    @Test
    void thePlanCountsSmallerBatches() {
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            Planner planner = new Planner(backend, MachineRate.of(100));
            DataShape data = DataShape.of(EXAMPLES, 2).withPositions(POSITIONS);
            FitOptions fit = FitOptions.defaults().withMemoryLimit(64L << 20);
            ScoreOptions score = ScoreOptions.defaults().withMemoryLimit(64L << 20);
            Plan whole = planner.plan(List.of(LAYER), data, fit, score);
            Plan cut = planner.plan(List.of(LAYER), data.withModelBytesPerPosition(BYTES), fit, score);
            for (int s = 0; s < whole.stages().size(); s++) {
                double all = whole.stages().get(s).memory().captures();
                double some = cut.stages().get(s).memory().captures();
                assertTrue(
                        some == all || some * EXAMPLES == all * MOST,
                        whole.stages().get(s).stage());
            }
        }
    }
}
