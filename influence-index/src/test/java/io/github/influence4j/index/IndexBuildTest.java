package io.github.influence4j.index;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.index.internal.file.IndexSection;
import io.github.influence4j.index.internal.file.SignShard;
import io.github.influence4j.index.internal.sketch.SignRows;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.store.factors.FactorStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class IndexBuildTest {

    private static final IndexOptions OPTIONS = IndexOptions.defaults()
            .withPercent(2)
            .withCoordinatesPercent(5)
            .withBatches(ScoreOptions.defaults().withBatchSize(4));

    @TempDir
    Path folder;

    static List<MatrixBackend> backends() {
        return TestBackends.all();
    }

    private FactorStore factors(MatrixBackend backend, String name, int examples) throws IOException {
        Path target = folder.resolve(name);
        try (FittedCurvature<Sequence> fitted =
                Ekfac.on(backend).fit(Sequences.model(), new Sequences(0, examples, examples))) {
            return FactorStore.save(target, fitted);
        }
    }

    private static IndexBuild<Sequence> build(MatrixBackend backend, FactorStore factors, ProgressListener progress) {
        return IndexBuild.of(backend, factors, Sequences.model(), Damping.DEFAULT, OPTIONS, progress);
    }

    private static IndexBuild<Sequence> build(MatrixBackend backend, FactorStore factors) {
        return build(backend, factors, ProgressListener.silent());
    }

    @ParameterizedTest
    @MethodSource("backends")
    void inOnePieceInShardsAndAppendedTheRowsAreTheSameBits(MatrixBackend backend) throws IOException {
        FactorStore factors = factors(backend, "factors", 20);
        IndexBuild<Sequence> build = build(backend, factors);
        build.write(folder.resolve("whole"), new Sequences(0, 20, 20), false);
        build.write(folder.resolve("shards"), new Sequences(0, 20, 8), false);
        build.write(folder.resolve("appended"), new Sequences(0, 8, 8), false);
        byte[] first = Files.readAllBytes(folder.resolve("appended/signs-000000.safetensors"));
        build.append(folder.resolve("appended"), new Sequences(8, 20, 8));
        assertArrayEquals(first, Files.readAllBytes(folder.resolve("appended/signs-000000.safetensors")));
        List<long[]> whole = rows(folder.resolve("whole"));
        assertEquals(6, whole.size());
        for (String other : List.of("shards", "appended")) {
            List<long[]> found = rows(folder.resolve(other));
            for (int part = 0; part < whole.size(); part++) {
                assertArrayEquals(whole.get(part), found.get(part), other);
            }
        }
    }

    /** An append that is refused must not leave an index that waits for it. */
    @Test
    void dataThatAreRefusedLeaveTheIndexAsItWas() throws IOException {
        FactorStore factors = factors(TestBackends.OPENBLAS, "factors", 20);
        IndexBuild<Sequence> build = build(TestBackends.OPENBLAS, factors);
        Path index = folder.resolve("index");
        build.write(index, new Sequences(0, 8, 8), false);
        byte[] manifest = Files.readAllBytes(index.resolve("index.json"));
        assertThrows(IllegalArgumentException.class, () -> build.append(index, new Sequences(4, 12, 8)));
        assertArrayEquals(manifest, Files.readAllBytes(index.resolve("index.json")));
        build.append(index, new Sequences(8, 20, 8));
        try (GradientIndex opened = GradientIndex.open(index)) {
            assertEquals(20, opened.size());
            assertEquals(Optional.of(folder.resolve("factors")), opened.factorsFolder());
        }
    }

    /** Data may have changed since, and then it could not be finished. */
    @Test
    void anAppendThatWasEndedCanBeAbandoned() throws IOException {
        FactorStore factors = factors(TestBackends.OPENBLAS, "factors", 20);
        Path index = folder.resolve("index");
        IndexBuild<Sequence> build = build(TestBackends.OPENBLAS, factors);
        build.write(index, new Sequences(0, 6, 6), false);
        byte[] manifest = Files.readAllBytes(index.resolve("index.json"));
        assertThrows(IllegalStateException.class, () -> GradientIndex.abandon(index));
        int[] batches = {0};
        IndexBuild<Sequence> ended = build(TestBackends.OPENBLAS, factors, (stage, done, all) -> {
            if (++batches[0] == 4) {
                throw new CancellationException("ended");
            }
        });
        assertThrows(CancellationException.class, () -> ended.append(index, new Sequences(6, 20, 6)));
        assertTrue(Files.exists(index.resolve("signs-000001.safetensors")));
        GradientIndex.abandon(index);
        assertArrayEquals(manifest, Files.readAllBytes(index.resolve("index.json")));
        assertFalse(Files.exists(index.resolve("signs-000001.safetensors")));
        build.append(index, new Sequences(6, 12, 3));
        try (GradientIndex opened = GradientIndex.open(index)) {
            opened.verify();
            assertEquals(12, opened.size());
        }
        batches[0] = 0;
        Path never = folder.resolve("never");
        assertThrows(CancellationException.class, () -> ended.write(never, new Sequences(0, 20, 6), false));
        assertThrows(IllegalStateException.class, () -> GradientIndex.abandon(never));
    }

    @Test
    void anIndexSaysItselfWhatIsAppendedToIt() throws IOException {
        FactorStore factors = factors(TestBackends.OPENBLAS, "factors", 20);
        IndexOptions options = OPTIONS.withSeed(5).withoutSigns();
        for (String name : List.of("whole", "grown")) {
            IndexBuild.of(
                            TestBackends.OPENBLAS,
                            factors,
                            Sequences.model(),
                            Damping.relative(0.3),
                            options,
                            ProgressListener.silent())
                    .write(folder.resolve(name), new Sequences(0, name.equals("whole") ? 20 : 8, 8), false);
        }
        Path grown = folder.resolve("grown");
        FactorStore others = factors(TestBackends.OPENBLAS, "others", 10);
        assertThrows(IllegalArgumentException.class, () -> like(others, grown));
        like(factors, grown).append(grown, new Sequences(8, 20, 8));
        for (int s = 0; s < 3; s++) {
            String file = "coordinates-00000" + s + ".safetensors";
            assertArrayEquals(
                    Files.readAllBytes(folder.resolve("whole").resolve(file)), Files.readAllBytes(grown.resolve(file)));
        }
    }

    private static IndexBuild<Sequence> like(FactorStore factors, Path index) throws IOException {
        return IndexBuild.like(
                TestBackends.OPENBLAS,
                factors,
                Sequences.model(),
                index,
                ScoreOptions.defaults().withBatchSize(4),
                ProgressListener.silent());
    }

    /** Ids, signs and bits of the scales of both sections, of all shards one after the other. */
    private static List<long[]> rows(Path index) throws IOException {
        List<long[]> parts = new ArrayList<>();
        try (GradientIndex opened = GradientIndex.open(index)) {
            opened.verify();
            for (IndexSection section : IndexSection.values()) {
                LongStream ids = LongStream.empty();
                LongStream signs = LongStream.empty();
                LongStream scales = LongStream.empty();
                for (SignShard shard : opened.shards(section)) {
                    SignRows rows = shard.read(0, shard.rows());
                    long[] bits = new long[rows.scales().length];
                    for (int k = 0; k < bits.length; k++) {
                        bits[k] = Float.floatToRawIntBits(rows.scales()[k]);
                    }
                    ids = LongStream.concat(ids, LongStream.of(shard.ids(0, shard.rows())));
                    signs = LongStream.concat(signs, LongStream.of(rows.signs()));
                    scales = LongStream.concat(scales, LongStream.of(bits));
                }
                parts.add(ids.toArray());
                parts.add(signs.toArray());
                parts.add(scales.toArray());
            }
        }
        return parts;
    }

    @Test
    void theFilesAreAsLargeAsPlanned() throws IOException {
        FactorStore factors = factors(TestBackends.OPENBLAS, "factors", 20);
        build(TestBackends.OPENBLAS, factors).write(folder.resolve("index"), new Sequences(0, 20, 8), false);
        IndexPlan plan = IndexPlan.of(Sequences.model().layers(), OPTIONS);
        for (int s = 0; s < 3; s++) {
            long size = 0;
            for (IndexSection section : IndexSection.values()) {
                size += Files.size(folder.resolve("index").resolve(section.file(s)));
            }
            assertEquals(plan.shardBytes(s < 2 ? 8 : 4), size);
        }
        assertEquals(8 * plan.bytesPerExample(), plan.shardBytes(16) - plan.shardBytes(8), 16);
        assertTrue(plan.percent() <= 7 && plan.percent() > 6.5, plan.toString());
    }

    @Test
    void aBuildThatWasEndedIsTakenUpWithTheSameBytes() throws IOException {
        MatrixBackend backend = TestBackends.OPENBLAS;
        FactorStore factors = factors(backend, "factors", 20);
        Sequences train = new Sequences(0, 20, 6);
        build(backend, factors).write(folder.resolve("whole"), train, false);
        int[] batches = {0};
        IndexBuild<Sequence> ended = build(backend, factors, (stage, done, all) -> {
            if (++batches[0] == 4) {
                throw new CancellationException("ended");
            }
        });
        Path index = folder.resolve("index");
        assertThrows(CancellationException.class, () -> ended.write(index, train, false));
        assertThrows(IllegalStateException.class, () -> GradientIndex.open(index));
        assertThrows(IllegalStateException.class, () -> build(backend, factors).write(index, train, false));
        String other = refusal(
                IllegalStateException.class, () -> build(backend, factors).append(index, new Sequences(30, 40, 5)));
        assertTrue(other.contains("other data"), other);
        byte[] first = Files.readAllBytes(index.resolve("signs-000000.safetensors"));
        batches[0] = 0;
        int[] repeated = {0};
        build(backend, factors, (stage, done, all) -> repeated[0]++).write(index, train, true);
        assertTrue(repeated[0] < 8, "batches done again: " + repeated[0]);
        assertArrayEquals(first, Files.readAllBytes(index.resolve("signs-000000.safetensors")));
        for (int s = 0; s < 4; s++) {
            for (IndexSection section : IndexSection.values()) {
                String name = section.file(s);
                assertArrayEquals(
                        Files.readAllBytes(folder.resolve("whole").resolve(name)),
                        Files.readAllBytes(index.resolve(name)));
            }
        }
        assertArrayEquals(
                Files.readAllBytes(folder.resolve("whole/index.json")),
                Files.readAllBytes(index.resolve("index.json")));
    }

    @Test
    void whatDoesNotBelongTogetherIsRefused() throws IOException {
        MatrixBackend backend = TestBackends.OPENBLAS;
        FactorStore factors = factors(backend, "factors", 20);
        FactorStore others = factors(backend, "others", 19);
        Path index = folder.resolve("index");
        build(backend, factors).write(index, new Sequences(0, 8, 8), false);
        Sequences more = new Sequences(8, 12, 4);
        String message = refusal(
                IllegalArgumentException.class, () -> build(backend, others).append(index, more));
        assertTrue(message.contains(factors.fingerprint()) && message.contains(others.fingerprint()), message);
        try (GradientIndex opened = GradientIndex.open(index)) {
            message = refusal(
                    IllegalArgumentException.class,
                    () -> opened.scoring(backend, others, Sequences.model(), ProgressListener.silent()));
            assertTrue(message.contains(factors.fingerprint()) && message.contains(others.fingerprint()), message);
        }
        IndexBuild<Sequence> damped = IndexBuild.of(
                backend, factors, Sequences.model(), Damping.relative(1), OPTIONS, ProgressListener.silent());
        assertTrue(refusal(IllegalArgumentException.class, () -> damped.append(index, more))
                .contains("damping"));
        IndexBuild<Sequence> seeded = IndexBuild.of(
                backend, factors, Sequences.model(), Damping.DEFAULT, OPTIONS.withSeed(3), ProgressListener.silent());
        assertThrows(IllegalArgumentException.class, () -> seeded.append(index, more));
        // what was refused has left no trace
        try (GradientIndex opened = GradientIndex.open(index)) {
            assertEquals(8, opened.size());
        }
        assertThrows(
                IllegalArgumentException.class, () -> build(backend, factors).append(index, new Sequences(7, 9, 2)));
        assertThrows(IllegalStateException.class, () -> build(backend, factors).append(folder.resolve("none"), more));
    }

    @Test
    void aDamagedByteIsFound() throws IOException {
        MatrixBackend backend = TestBackends.OPENBLAS;
        FactorStore factors = factors(backend, "factors", 20);
        Path index = folder.resolve("index");
        build(backend, factors).write(index, new Sequences(0, 6, 3), false);
        for (String name : List.of("signs-000001.safetensors", "coordinates-000000.safetensors", "index.json")) {
            Path file = index.resolve(name);
            byte[] good = Files.readAllBytes(file);
            for (int at = 0; at < good.length; at += Math.max(1, good.length / 50)) {
                byte[] bad = good.clone();
                bad[at] ^= 1;
                Files.write(file, bad);
                assertThrows(IllegalArgumentException.class, () -> verify(index), name + " at byte " + at);
            }
            Files.write(file, Arrays.copyOf(good, good.length - 1));
            assertThrows(MalformedFileException.class, () -> verify(index));
            Files.write(file, good);
        }
        verify(index);
        // a shard of an index with another seed
        IndexBuild.of(
                        backend,
                        factors,
                        Sequences.model(),
                        Damping.DEFAULT,
                        OPTIONS.withSeed(3),
                        ProgressListener.silent())
                .write(folder.resolve("other"), new Sequences(0, 6, 3), false);
        Files.copy(
                folder.resolve("other/signs-000001.safetensors"),
                index.resolve("signs-000001.safetensors"),
                StandardCopyOption.REPLACE_EXISTING);
        assertTrue(refusal(MalformedFileException.class, () -> GradientIndex.open(index))
                .contains("another index"));
    }

    private static String refusal(Class<? extends RuntimeException> kind, Executable refused) {
        return String.valueOf(assertThrows(kind, refused).getMessage());
    }

    private static void verify(Path index) throws IOException {
        try (GradientIndex opened = GradientIndex.open(index)) {
            opened.verify();
        }
    }

    @Test
    void sizesThatSignsCannotHaveAreRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> IndexPlan.of(Sequences.model().layers(), OPTIONS.withBytes(20)));
        assertThrows(
                IllegalArgumentException.class,
                () -> IndexPlan.of(Sequences.model().layers(), OPTIONS.withPercent(10)));
        assertThrows(
                IllegalArgumentException.class,
                () -> IndexPlan.of(Sequences.model().layers(), OPTIONS.withCoordinatesBytes(20)));
        assertThrows(
                IllegalArgumentException.class,
                () -> IndexPlan.of(Sequences.model().layers(), OPTIONS.withCoordinatesPercent(20)));
        assertThrows(
                IllegalArgumentException.class, () -> IndexOptions.defaults().withoutSigns());
        assertThrows(IllegalArgumentException.class, () -> OPTIONS.withPercent(0));
        assertThrows(IllegalArgumentException.class, () -> OPTIONS.withPercent(Double.NaN));
        assertThrows(IllegalArgumentException.class, () -> OPTIONS.withBytes(0));
    }
}
