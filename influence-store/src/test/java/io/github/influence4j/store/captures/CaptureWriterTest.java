package io.github.influence4j.store.captures;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.Backends;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class CaptureWriterTest {

    private static final double TOLERANCE = Tolerances.REORDERED_FLOAT64;

    @TempDir
    private Path folder;

    private final PaddedSequences host = new PaddedSequences();

    private CaptureSet export(String name, Objective objective, int count, int batchSize) throws IOException {
        CaptureWriter.export(
                host, PaddedSequences.examples(count, 0), objective, TensorType.F64, batchSize, folder.resolve(name));
        return CaptureSet.open(folder.resolve(name));
    }

    @Test
    void scoresFromFilesAreThoseOfTheHost() throws IOException {
        try (CaptureSet sampled = export("sampled", new Objective.SampledLabels(1), 40, 7);
                CaptureSet train = export("train", new Objective.TrainingLoss(), 40, 9);
                CaptureSet queries = export("queries", new Objective.Measurement(), 3, 2)) {
            InfluenceScores expected = scores(
                    host,
                    PaddedSequences.examples(40, 0),
                    PaddedSequences.examples(3, 0),
                    PaddedSequences.examples(40, 0));
            InfluenceScores found = scores(CaptureProvider.of(sampled, train, queries), sampled, queries, train);
            assertArrayEquals(expected.trainIds(), found.trainIds());
            assertClose(expected.matrix(), found.matrix(), TOLERANCE, "scores");
            for (int z = 0; z < 40; z++) {
                int length = 1 + z % 5;
                for (int t = 0; t < length; t++) {
                    assertEquals(expected.tokens(1, z)[t], found.tokens(1, z)[t], 1e-9);
                }
            }
        }
    }

    /** Each example as often as there are draws, and what is fitted is the mean over examples and draws. */
    @Test
    void severalDrawsFromFilesAreThoseOfTheHost() throws IOException {
        ExampleSource<Long> examples = PaddedSequences.examples(40, 0);
        Path sampled = folder.resolve("sampled");
        CaptureWriter.exportDraws(host, examples, 1, 3, TensorType.F64, 7, sampled, false);
        FitOptions options = FitOptions.defaults().withBatchSize(5);
        try (CaptureSet fit = CaptureSet.open(sampled);
                CaptureSet train = export("train", new Objective.TrainingLoss(), 40, 9);
                CaptureSet queries = export("queries", new Objective.Measurement(), 3, 2)) {
            assertEquals(3, fit.draws());
            assertEquals(120, fit.size());
            assertArrayEquals(
                    LongStream.of(examples.batches(40).iterator().next().ids())
                            .flatMap(id -> LongStream.range(3 * id, 3 * id + 3))
                            .toArray(),
                    LongStream.of(fit.ids()).sorted().toArray());
            CaptureProvider files = CaptureProvider.of(fit, train, queries);
            assertEquals(Optional.of("seed 1, 3 draws"), files.sampledLabels());
            InfluenceScores expected = scores(
                    host,
                    options.withLabels(new FisherLabels.Sampled(1, 3)),
                    examples,
                    PaddedSequences.examples(3, 0),
                    examples);
            InfluenceScores found = scores(files, options, fit, queries, train);
            assertClose(expected.matrix(), found.matrix(), TOLERANCE, "scores");
        }
        // a run that was ended goes on; one with other draws does not
        Path last = sampled.resolve("captures-00000017.safetensors");
        Files.delete(last);
        String lacks = message(MalformedFileException.class, () -> CaptureSet.open(sampled));
        assertTrue(lacks.contains("lacks one of the 3 draws of labels of example "), lacks);
        CaptureWriter.exportDraws(host, examples, 1, 3, TensorType.F64, 7, sampled, true);
        assertTrue(Files.exists(last));
        message(
                IllegalStateException.class,
                () -> CaptureWriter.exportDraws(host, examples, 1, 2, TensorType.F64, 7, sampled, true));
        CaptureWriter.exportDraws(host, examples, 1, 1, TensorType.F64, 7, folder.resolve("one"), false);
        try (CaptureSet one = CaptureSet.open(folder.resolve("one"))) {
            assertEquals(1, one.draws());
            assertArrayEquals(examples.batches(40).iterator().next().ids(), one.ids());
        }
        String none = message(
                IllegalArgumentException.class,
                () -> CaptureWriter.exportDraws(host, examples, 1, 0, TensorType.F64, 7, folder.resolve("x"), false));
        assertTrue(none.contains("0 draws of labels"), none);
    }

    /** Defect: a single file was taken with whatever draws it held, and examples with more of them counted more. */
    @Test
    void aSingleFileHoldsAllDrawsOfItsExamples() throws IOException {
        Path sampled = folder.resolve("sampled");
        CaptureWriter.exportDraws(host, PaddedSequences.examples(4, 0), 1, 2, TensorType.F64, 4, sampled, false);
        Path one = sampled.resolve("captures-00000000.safetensors");
        String lacks = message(MalformedFileException.class, () -> CaptureSet.open(one));
        assertTrue(lacks.contains("lacks one of the 2 draws of labels of example "), lacks);
        try (CaptureSet shard = CaptureSet.openShard(one)) {
            assertEquals(2, shard.draws());
        }
    }

    private static String message(Class<? extends Throwable> type, Executable work) {
        return String.valueOf(assertThrows(type, work).getMessage());
    }

    private static <E> InfluenceScores scores(
            GradientProvider<E> model, ExampleSource<E> fit, ExampleSource<E> queries, ExampleSource<E> train) {
        return scores(model, FitOptions.defaults().withBatchSize(5), fit, queries, train);
    }

    private static <E> InfluenceScores scores(
            GradientProvider<E> model,
            FitOptions fitting,
            ExampleSource<E> fit,
            ExampleSource<E> queries,
            ExampleSource<E> train) {
        try (EigenbasisCurvature curvature =
                        EigenbasisApproximator.<E>of(Backends.EJML, fitting).fit(model, fit);
                EigenbasisSolver solver = curvature.solver(Damping.relative(0.1))) {
            ScoreOptions options = ScoreOptions.defaults().withPerToken(true);
            return new InfluenceScorer<>(Backends.EJML, model, options, ProgressListener.silent())
                    .pairwise(solver, queries, train);
        }
    }

    @Test
    void shardsAreReadInOrderAndByThemselves() throws IOException {
        try (CaptureSet set = export("train", new Objective.TrainingLoss(), 100, 2)) {
            assertEquals(100, set.size());
            assertEquals(50, set.files().size());
            assertEquals(Optional.of("weights-1"), set.model());
            assertEquals(CaptureObjective.TRAINING, set.objective());
            assertEquals(host.layers(), set.layers());
            assertEquals(10, set.positions(0));
            long[] ids = LongStream.range(0, 100).map(key -> 100 + 7 * key).toArray();
            assertArrayEquals(ids, set.ids());
            List<Long> seen = new ArrayList<>();
            for (CaptureSet shard : set.shards()) {
                for (ExampleBatch<CapturedExample> batch : shard.batches(16)) {
                    LongStream.of(batch.ids()).forEach(seen::add);
                }
                assertEquals(2, shard.ids().length);
            }
            assertArrayEquals(ids, seen.stream().mapToLong(Long::longValue).toArray());
        }
    }

    @Test
    void examplesCanBeTakenInAnyOrder() throws IOException {
        try (CaptureSet set = export("train", new Objective.TrainingLoss(), 20, 20)) {
            CaptureProvider provider = CaptureProvider.of(set);
            ExampleBatch<CapturedExample> all = set.batches(20).iterator().next();
            List<CapturedExample> shuffled = new ArrayList<>(all.examples());
            Collections.shuffle(shuffled, new java.util.Random(4));
            ExampleBatch<CapturedExample> batch = new ExampleBatch<>(shuffled, all.ids());
            provider.capture(
                    all,
                    new Objective.TrainingLoss(),
                    List.of(host.layers().get(0)),
                    straight -> provider.capture(
                            batch,
                            new Objective.TrainingLoss(),
                            List.of(host.layers().get(0)),
                            mixed -> {
                                for (int k = 0; k < shuffled.size(); k++) {
                                    compareExample(
                                            straight, (int) shuffled.get(k).row(), mixed, k);
                                }
                            }));
        }
    }

    private static void compareExample(LayerCapture one, int atOne, LayerCapture other, int atOther) {
        int t = one.positions();
        double[] expected = new double[t * one.activations().columns()];
        double[] found = new double[expected.length];
        one.activations().read(atOne * t, t, expected, 0);
        other.activations().read(atOther * t, t, found, 0);
        assertArrayEquals(expected, found);
        for (int p = 0; p < t; p++) {
            assertEquals(one.mask().isReal(atOne * t + p), other.mask().isReal(atOther * t + p));
        }
    }

    @Test
    void refusesToMix() throws IOException {
        try (CaptureSet train = export("train", new Objective.TrainingLoss(), 4, 4)) {
            assertThrows(IllegalArgumentException.class, () -> export("train", new Objective.TrainingLoss(), 4, 4));
            assertThrows(
                    UnsupportedOperationException.class,
                    () -> export("root", new Objective.OutputHessianRoot(0), 4, 4));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new CaptureWriter(CaptureObjective.TRAINING, Optional.empty(), TensorType.I32));
            ExampleBatch<CapturedExample> batch = train.batches(4).iterator().next();
            CaptureProvider provider = CaptureProvider.of(train);
            assertThrows(
                    io.github.influence4j.safetensors.MalformedFileException.class,
                    () -> provider.capture(batch, new Objective.Measurement(), provider.layers(), capture -> {}));
            assertThrows(
                    UnsupportedOperationException.class,
                    () -> provider.capture(batch, new Objective.OutputHessianRoot(0), provider.layers(), c -> {}));
        }
    }

    @Test
    void oneDrawServesOneSeed() throws IOException {
        try (CaptureSet sampled = export("sampled", new Objective.SampledLabels(1), 4, 4)) {
            CaptureProvider provider = CaptureProvider.of(sampled);
            ExampleBatch<CapturedExample> batch = sampled.batches(4).iterator().next();
            provider.capture(batch, new Objective.SampledLabels(5), provider.layers(), capture -> {});
            provider.capture(batch, new Objective.SampledLabels(5), provider.layers(), capture -> {});
            assertThrows(
                    IllegalArgumentException.class,
                    () -> provider.capture(batch, new Objective.SampledLabels(6), provider.layers(), capture -> {}));
        }
    }
}
