package io.github.influence4j.store.runs;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.factor.FactorMemory;
import io.github.influence4j.ekfac.internal.factor.LayerGroups;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.FitOptions.KfacScale;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.Backends;
import io.github.influence4j.store.PartedData;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Fits in units, ended after every unit in turn and taken up again. */
class FitRunTest {

    private static final MatrixBackend BACKEND = Backends.EJML;
    private static final int SHARDS = TestCaptures.SHARDS;

    /** Ends a run from within, as a full disk or a lost machine would. */
    private static final class Ended extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @SuppressWarnings("NullAway.Init")
    private Path captures;

    @BeforeEach
    void writeCaptures() throws IOException {
        captures = TestCaptures.write(folder.resolve("captures"), CaptureObjective.SAMPLED, 5);
    }

    private void run(String out, FitOptions options, boolean resume, ProgressListener progress) throws IOException {
        try (CaptureSet set = CaptureSet.open(captures)) {
            FitRun.of(BACKEND, options, set, progress).run(folder.resolve(out), resume);
        }
    }

    /** With nearly the least memory, so that layers are fitted in groups, and with all there is. */
    @ParameterizedTest
    @EnumSource
    void inMemoryTheSamePartsGiveTheSameBytes(Strategy strategy) throws IOException {
        for (MatrixBackend backend : List.of(Backends.EJML, Backends.OPENBLAS_FLOAT64, Backends.OPENBLAS_FLOAT32)) {
            for (int blocks : new int[] {1, 2}) {
                FitOptions options = FitOptions.defaults()
                        .withStrategy(strategy)
                        .withBatchSize(4)
                        .withBlocks(blocks)
                        .withKfacScale(KfacScale.PER_EXAMPLE);
                for (FitOptions each : List.of(options, options.withMemoryLimit(tight(backend, options)))) {
                    requireSameBytes(backend, each);
                }
            }
        }
    }

    private void requireSameBytes(MatrixBackend backend, FitOptions options) throws IOException {
        Path files = Files.createTempDirectory(folder, "files");
        Path memory = Files.createTempDirectory(folder, "memory");
        try (CaptureSet captures = CaptureSet.open(folder.resolve("captures"))) {
            FactorStore fromFiles = FitRun.of(backend, options, captures, ProgressListener.silent())
                    .run(files, false);
            try (EigenbasisCurvature inMemory = EigenbasisApproximator.<CapturedExample>of(backend, options)
                    .fit(CaptureProvider.of(captures), captures.shards(), ProgressListener.silent())) {
                FactorStore.save(memory, inMemory);
                assertEquals(
                        inMemory.provenance().counts(),
                        fromFiles.manifest().provenance().counts());
            }
        }
        List<String> names = names(memory);
        assertEquals(names, names(files));
        for (String name : names) {
            assertArrayEquals(
                    Files.readAllBytes(memory.resolve(name)),
                    Files.readAllBytes(files.resolve(name)),
                    name + " in " + backend.name() + " with " + options);
        }
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".safetensors"))
                    .sorted()
                    .toList();
        }
    }

    private static long tight(MatrixBackend backend, FitOptions options) {
        FactorMemory memory = new FactorMemory(backend.precision(), options.strategy(), options.blocks());
        for (long limit = 1; ; limit += 16) {
            try {
                LayerGroups.of(TestCaptures.LAYERS, memory, backend, limit);
                return limit;
            } catch (IllegalArgumentException tooLittle) {
                // the next limit may be enough
            }
        }
    }

    /** Parts cost rounding only. */
    @ParameterizedTest
    @EnumSource
    void partsHardlyChangeTheNumbers(Strategy strategy) throws IOException {
        FitOptions options = FitOptions.defaults().withStrategy(strategy).withBatchSize(4);
        for (MatrixBackend backend : List.of(Backends.EJML, Backends.OPENBLAS_FLOAT32)) {
            try (CaptureSet captures = CaptureSet.open(folder.resolve("captures"));
                    EigenbasisCurvature inParts = EigenbasisApproximator.<CapturedExample>of(backend, options)
                            .fit(CaptureProvider.of(captures), captures.shards(), ProgressListener.silent());
                    EigenbasisCurvature whole = EigenbasisApproximator.<CapturedExample>of(backend, options)
                            .fit(CaptureProvider.of(captures), captures)) {
                for (int l = 0; l < 2; l++) {
                    Optional<BackendMatrix> expected =
                            whole.layerCurvatures().get(l).eigenvalues();
                    Optional<BackendMatrix> actual =
                            inParts.layerCurvatures().get(l).eigenvalues();
                    assertEquals(expected.isPresent(), actual.isPresent());
                    if (expected.isPresent()) {
                        assertClose(
                                expected.get(),
                                actual.get(),
                                Tolerances.reordered(backend.precision()),
                                strategy + ", layer " + l);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"random", "sharing", "equal eigenvalues"})
    void endedAfterAnyUnitItGivesTheSameBytes(String kind) throws IOException {
        boolean equal = kind.equals("equal eigenvalues");
        if (kind.equals("sharing")) {
            captures = TestCaptures.sharing(folder.resolve("sharing"), CaptureObjective.SAMPLED, 5, true);
        } else if (equal) {
            captures = TestCaptures.oneHot(folder.resolve("equal"), CaptureObjective.SAMPLED, 5);
        }
        FitOptions options = FitOptions.defaults().withBatchSize(4);
        List<String> lines = new ArrayList<>();
        run("whole", options, false, (stage, done, total) -> lines.add(stage + done));
        assertTrue(lines.size() >= (equal ? 3 : 2) * SHARDS, lines.toString());
        for (int last = 1; last <= lines.size(); last++) {
            String out = "ended" + last;
            int limit = last;
            int[] heard = {0};
            assertThrows(
                    Ended.class,
                    () -> run(out, options, false, (stage, done, total) -> {
                        heard[0]++;
                        if (heard[0] == limit) {
                            throw new Ended();
                        }
                    }));
            assertThrows(
                    IllegalStateException.class,
                    () -> run(out, options, false, ProgressListener.silent()),
                    "no resume");
            FitOptions other = options.withBlocks(2);
            assertThrows(
                    IllegalStateException.class,
                    () -> run(out, other, true, ProgressListener.silent()),
                    "other options");
            run(out, options, true, ProgressListener.silent());
            for (String file : List.of("activation_eigenvectors", "gradient_eigenvalues", "lambda_matrix")) {
                String name = file + ".safetensors";
                assertArrayEquals(
                        Files.readAllBytes(folder.resolve("whole").resolve(name)),
                        Files.readAllBytes(folder.resolve(out).resolve(name)),
                        name + " after " + lines.get(last - 1));
            }
            assertFalse(Files.exists(folder.resolve(out).resolve(".progress")));
            run(out, options, true, ProgressListener.silent());
        }
    }

    /** Defect: other numbers with the size and time of the old ones went into a run that was taken up. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void otherNumbersAreRefusedThoughTheTimeIsPutBack() throws IOException {
        FitOptions options = FitOptions.defaults();
        assertThrows(
                Ended.class,
                () -> run("out", options, false, (stage, done, total) -> {
                    throw new Ended();
                }));
        Path shard = folder.resolve("captures/shard-2.safetensors");
        FileTime time = Files.getLastModifiedTime(shard);
        byte[] bytes = Files.readAllBytes(shard);
        bytes[bytes.length - 5] ^= 1;
        Files.write(shard, bytes);
        Files.setLastModifiedTime(shard, time);
        assertThrows(IllegalStateException.class, () -> run("out", options, true, ProgressListener.silent()));
    }

    /** Defect: the captures could not be read any more. */
    @Test
    void factorsKeepAwayFromTheCaptures() throws IOException {
        List<String> before = names(folder.resolve("captures"));
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> run("captures", FitOptions.defaults(), false, ProgressListener.silent()));
        assertTrue(e.toString().contains("a folder of their own"), e.toString());
        assertEquals(before, names(folder.resolve("captures")));
        assertFalse(Files.exists(folder.resolve("captures/.lock")));
    }

    /** Defect: a pass compares the ids of a part with each other, and none those of two parts. */
    @Test
    void anIdInTwoPartsIsRefused() throws IOException {
        try (CaptureSet set = CaptureSet.open(captures)) {
            PartedData<CapturedExample> twice = new PartedData<>() {
                @Override
                public List<? extends PartedData<CapturedExample>> shards() {
                    return List.of(set.shards().get(0), set.shards().get(0));
                }

                @Override
                public long[] ids() {
                    long[] ids = set.shards().get(0).ids();
                    return LongStream.concat(LongStream.of(ids), LongStream.of(ids))
                            .toArray();
                }

                @Override
                public List<Path> files() {
                    return set.shards().get(0).files();
                }

                @Override
                public long size() {
                    return ids().length;
                }

                @Override
                public Iterable<ExampleBatch<CapturedExample>> batches(int batchSize) {
                    return set.batches(batchSize);
                }
            };
            FitRun<CapturedExample> run = new FitRun<>(
                    BACKEND, FitOptions.defaults(), CaptureProvider.of(set), twice, ProgressListener.silent());
            IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, () -> run.run(folder.resolve("twice"), false));
            assertTrue(e.toString().contains("two examples with id"), e.toString());
        }
    }

    @Test
    void otherDataAreRefused() throws IOException {
        FitOptions options = FitOptions.defaults();
        run("done", options, false, ProgressListener.silent());
        Files.delete(folder.resolve("captures/shard-2.safetensors"));
        assertThrows(IllegalStateException.class, () -> run("done", options, true, ProgressListener.silent()));
    }
}
