package io.github.influence4j.decoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.openblas.global.openblas_full;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class DecoderTrainingTest {

    private static final double STEP = 1e-5;

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);

    /** The build runs tests with one thread, with which nothing is divided. */
    private final int configured = openblas_full.openblas_get_num_threads();

    @BeforeEach
    void useTwoThreads() {
        openblas_full.openblas_set_num_threads(2);
    }

    @AfterEach
    void useThreadsAsBefore() {
        openblas_full.openblas_set_num_threads(configured);
    }

    /** Embeddings and gains too, which captures do not show. */
    @ParameterizedTest
    @MethodSource("io.github.influence4j.decoder.Sequences#shapes")
    void gradientOfEveryParameter(DecoderShape shape) {
        ExampleBatch<TokenSequence> batch = Sequences.batch(shape, 4, 1);
        try (Decoder model = Sequences.random(backend, shape, 2);
                TrainingPass<double[]> pass = pass(model, 1)) {
            double loss = pass.run(batch);
            assertEquals(mean(model, batch), loss, Tolerances.REORDERED_FLOAT64 * loss);
            double[] actual = sum(pass.gradients());
            double[] weights = model.parameters();
            double[] expected = new double[weights.length];
            for (int k = 0; k < weights.length; k++) {
                double[] moved = weights.clone();
                moved[k] += STEP;
                model.setParameters(moved);
                double above = mean(model, batch);
                moved[k] = weights[k] - STEP;
                model.setParameters(moved);
                expected[k] = (above - mean(model, batch)) / (2 * STEP);
            }
            MatrixAssert.assertClose(expected, actual, Tolerances.FINITE_DIFFERENCE, "gradient");
        }
    }

    private TrainingPass<double[]> pass(Decoder model, int parts) {
        return new TrainingPass<>(backend, model.parameterMatrices(), new DoubleKernels(), parts);
    }

    private static double[] sum(List<BackendMatrix> parts) {
        double[] sum = new double[parts.get(0).columns()];
        for (BackendMatrix part : parts) {
            double[] numbers = part.toArray()[0];
            Arrays.setAll(sum, k -> sum[k] + numbers[k]);
        }
        return sum;
    }

    /** Batches of several sizes one after the other, some with fewer sequences than parts. */
    @ParameterizedTest
    @MethodSource("io.github.influence4j.decoder.Sequences#shapes")
    void partsOfABatchAddUp(DecoderShape shape) {
        try (Decoder model = Sequences.random(backend, shape, 2);
                TrainingPass<double[]> whole = pass(model, 1);
                TrainingPass<double[]> divided = pass(model, 4)) {
            for (int size : new int[] {9, 2, 1, 4, 5}) {
                ExampleBatch<TokenSequence> batch = Sequences.batch(shape, size, size);
                double loss = whole.run(batch);
                assertEquals(loss, divided.run(batch), Tolerances.REORDERED_FLOAT64 * loss);
                assertEquals(Math.min(size, 4), divided.gradients().size());
                MatrixAssert.assertClose(
                        sum(whole.gradients()), sum(divided.gradients()), Tolerances.REORDERED_FLOAT64, "gradient");
            }
        }
    }

    /** Memory grows with the first batch while several tasks write to it. */
    @Test
    void firstBatchIsAsGoodAsAnyOther() {
        MatrixBackend single = MatrixBackends.named("openblas", Precision.FLOAT32);
        DecoderShape shape = DecoderShape.of(5, 60, 1, 64, 1).withHidden(1);
        ExampleBatch<TokenSequence> batch = Sequences.batch(shape, 30, 8);
        try (Decoder model = Decoder.create(single, shape, 1)) {
            model.losses(batch);
            double[] expected = model.losses(batch);
            for (int k = 0; k < 20; k++) {
                try (Decoder fresh = model.copy()) {
                    assertArrayEquals(expected, fresh.losses(batch), "copy " + k);
                }
            }
        }
    }

    /** On two cores, with other work beside them, the same bits every time. */
    @Test
    void equalSeedsGiveEqualBits() throws InterruptedException, ExecutionException {
        MatrixBackend single = MatrixBackends.named("openblas", Precision.FLOAT32);
        DecoderShape shape = DecoderShape.of(150, 21, 2, 48, 4);
        ExampleSource<TokenSequence> data = Sequences.source(shape, 128, 3);
        DecoderTrainingOptions options =
                DecoderTrainingOptions.defaults().withSteps(8).withWarmup(2);
        Callable<Optional<String>> training = () -> {
            try (Decoder start = Decoder.create(single, shape, 4);
                    TrainedDecoder trained = DecoderTraining.train(start, data, options)) {
                return trained.model().fingerprint();
            }
        };
        assertEquals(2, single.parallelism());
        ExecutorService pool = Executors.newFixedThreadPool(3);
        try {
            Set<Optional<String>> found = new HashSet<>();
            for (Future<Optional<String>> task : pool.invokeAll(Collections.nCopies(6, training))) {
                found.add(task.get());
            }
            assertEquals(1, found.size(), found::toString);
        } finally {
            pool.shutdownNow();
        }
    }

    private static double mean(Decoder model, ExampleBatch<TokenSequence> batch) {
        double sum = Arrays.stream(model.losses(batch)).sum();
        return sum / batch.examples().stream().mapToInt(TokenSequence::counted).sum();
    }

    /** Two steps against Adam written out. */
    @Test
    void stepsAreAdams() {
        DecoderShape shape = Sequences.shapes().findFirst().orElseThrow();
        ExampleSource<TokenSequence> data = Sequences.source(shape, 4, 3);
        DecoderTrainingOptions options = DecoderTrainingOptions.defaults()
                .withOptimizer(new Adam(0.8, 0.9, 1e-6))
                .withLearningRate(0.01)
                .withWarmup(1)
                .withWeightDecay(0.3)
                .withBatchSize(4)
                .withSteps(2)
                .withSeed(5);
        try (Decoder start = Sequences.random(backend, shape, 4);
                TrainedDecoder trained = DecoderTraining.train(start, data, options);
                Decoder plain = start.copy();
                TrainingPass<double[]> pass = pass(plain, 1)) {
            double[] w = plain.parameters();
            double[] m = new double[w.length];
            double[] v = new double[w.length];
            boolean[] decayed = new boolean[w.length];
            for (ParameterLayout.Parameter p : ParameterLayout.of(shape).parameters()) {
                Arrays.fill(
                        decayed, p.offset(), p.offset() + p.size(), !p.name().contains("norm"));
            }
            for (int t = 1; t <= 2; t++) {
                double rate = 0.01;
                plain.setParameters(w);
                pass.run(data.batches(4).iterator().next());
                double[] g = sum(pass.gradients());
                for (int k = 0; k < w.length; k++) {
                    m[k] = 0.8 * m[k] + 0.2 * g[k];
                    v[k] = 0.9 * v[k] + 0.1 * g[k] * g[k];
                    double direction =
                            m[k] / (1 - Math.pow(0.8, t)) / (Math.sqrt(v[k] / (1 - Math.pow(0.9, t))) + 1e-6);
                    w[k] -= rate * (direction + (decayed[k] ? 0.3 * w[k] : 0));
                }
            }
            // the order of the sequences in the batch is another, so sums differ by rounding, which 1e-6 in Adam
            // amplifies
            MatrixAssert.assertClose(w, trained.model().parameters(), Tolerances.EXACT_SOLVE, "weights");
        }
    }

    @Test
    void rateWarmsUpAndFallsAlongACosine() {
        DecoderTrainingOptions options = DecoderTrainingOptions.defaults()
                .withLearningRate(2)
                .withWarmup(4)
                .withSteps(12);
        assertEquals(0.5, options.rate(0));
        assertEquals(2, options.rate(3));
        assertEquals(2, options.rate(4));
        assertEquals(1, options.rate(8), 1e-12);
        assertTrue(options.rate(11) > 0 && options.rate(11) < 0.2);
    }

    /** Next token = the one before, in a circle: nothing but the token itself is needed. */
    @Test
    void learnsASuccession() {
        DecoderShape shape = DecoderShape.of(12, 8, 1, 16, 2);
        List<TokenSequence> sequences = new ArrayList<>();
        for (int s = 0; s < 12; s++) {
            int first = s;
            int[] tokens = new int[8];
            Arrays.setAll(tokens, p -> (first + p) % 12);
            sequences.add(TokenSequence.of(tokens));
        }
        MatrixBackend single = MatrixBackends.named("openblas", Precision.FLOAT32);
        DecoderTrainingOptions options = DecoderTrainingOptions.defaults()
                .withBatchSize(8)
                .withSteps(200)
                .withWarmup(20);
        List<Long> told = new ArrayList<>();
        try (Decoder start = Decoder.create(single, shape, 1);
                TrainedDecoder first = DecoderTraining.train(
                        start, ExampleSource.of(sequences), options, (stage, done, total) -> told.add(done));
                TrainedDecoder second = DecoderTraining.train(start, ExampleSource.of(sequences), options);
                TrainedDecoder other = DecoderTraining.train(start, ExampleSource.of(sequences), options.withSeed(2))) {
            assertTrue(first.model().nextToken(4, 5, 6)[7] > 0.9);
            assertTrue(
                    first.losses().get(199) < 0.1,
                    () -> "loss " + first.losses().get(199));
            assertEquals(200, told.size());
            assertArrayEquals(first.model().parameters(), second.model().parameters());
            assertEquals(first.model().fingerprint(), second.model().fingerprint());
            assertNotEquals(first.model().fingerprint(), other.model().fingerprint());
        }
    }

    /** Stopped after any step that was kept, and taken up again: the same bits, in either precision. */
    @ParameterizedTest
    @EnumSource
    void isTakenUpWhereItWasKept(Precision precision) {
        DecoderShape shape = Sequences.shapes().findFirst().orElseThrow();
        ExampleSource<TokenSequence> data = Sequences.source(shape, 7, 3);
        DecoderTrainingOptions options =
                DecoderTrainingOptions.defaults().withBatchSize(3).withSteps(9).withWarmup(2);
        try (MatrixBackend chosen = MatrixBackends.named("openblas", precision);
                Decoder start = Sequences.random(chosen, shape, 4);
                TrainedDecoder whole = DecoderTraining.train(start, data, options)) {
            for (int stopped : new int[] {1, 4, 9}) {
                CopiedTraining kept = new CopiedTraining(stopped);
                DecoderTraining.train(start, data, options, kept, ProgressListener.silent())
                        .close();
                List<Long> told = new ArrayList<>();
                try (TrainedDecoder rest =
                        DecoderTraining.train(start, data, options, kept, (stage, done, total) -> told.add(done))) {
                    assertEquals(9 - stopped, told.size());
                    assertEquals(whole.losses(), rest.losses());
                    assertArrayEquals(whole.model().parameters(), rest.model().parameters());
                }
                if (stopped > 1) {
                    DecoderTrainingOptions fewer = options.withSteps(stopped - 1);
                    assertMessage(
                            "is of " + stopped + " steps, asked for are " + (stopped - 1),
                            () -> DecoderTraining.train(start, data, fewer, kept, ProgressListener.silent()));
                }
            }
        }
    }

    @Test
    void badDataAreRefused() {
        DecoderShape shape = DecoderShape.of(5, 4, 1, 4, 2);
        DecoderTrainingOptions options = DecoderTrainingOptions.defaults().withSteps(2);
        try (Decoder start = Decoder.create(backend, shape, 1)) {
            assertMessage(
                    "at least two sequences, found 1",
                    () -> DecoderTraining.train(start, ExampleSource.of(List.of(TokenSequence.of(1, 2))), options));
            assertMessage(
                    "token 5 at position 1 is unknown, the vocabulary has 5",
                    () -> DecoderTraining.train(
                            start, ExampleSource.of(List.of(TokenSequence.of(1, 5), TokenSequence.of(1, 2))), options));
            assertMessage(
                    "5 tokens (a prompt of 1) are longer than the context of 4",
                    () -> DecoderTraining.train(
                            start,
                            ExampleSource.of(List.of(TokenSequence.of(1, 2, 3, 4, 1), TokenSequence.of(1, 2))),
                            options));
            assertMessage("an empty prompt", () -> TokenSequence.completion(new int[0], new int[] {1}));
            assertMessage("nothing to predict", () -> TokenSequence.completion(new int[] {1}, new int[0]));
            assertMessage("an empty prompt", () -> start.nextToken());
            assertMessage("longer than the context", () -> start.nextToken(1, 2, 3, 4));
        }
    }

    private static void assertMessage(String part, org.junit.jupiter.api.function.Executable call) {
        String message = assertThrows(IllegalArgumentException.class, call).toString();
        assertTrue(message.contains(part), () -> "no '" + part + "' in: " + message);
    }

    @Test
    void divergenceAndInterruptionAreTold() {
        DecoderShape shape = Sequences.shapes().findFirst().orElseThrow();
        ExampleSource<TokenSequence> data = Sequences.source(shape, 4, 3);
        try (Decoder start = Sequences.random(backend, shape, 4)) {
            DecoderTrainingOptions wild = DecoderTrainingOptions.defaults()
                    .withLearningRate(1e300)
                    .withWarmup(0)
                    .withSteps(5);
            assertTrue(assertThrows(NumericalException.class, () -> DecoderTraining.train(start, data, wild))
                    .toString()
                    .contains("in step"));
            Thread.currentThread().interrupt();
            assertThrows(
                    CancellationException.class,
                    () -> DecoderTraining.train(start, data, DecoderTrainingOptions.defaults()));
            assertTrue(Thread.interrupted());
        }
    }
}
