package io.github.influence4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.index.GradientIndex;
import io.github.influence4j.index.IndexBuild;
import io.github.influence4j.index.IndexOptions;
import io.github.influence4j.index.internal.file.IndexManifest;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.runs.TestCaptures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Indexes that partitions wrote against those of one JVM. */
@ExtendWith(Local.Idle.class)
class SparkIndexTest {

    /** Of 35 and 15 parameters: all that signs and coordinates can use. */
    static final IndexOptions OPTIONS = IndexOptions.defaults()
            .withBytes(28)
            .withCoordinatesBytes(40)
            .withBatches(ScoreOptions.defaults().withMemoryLimit(FitSettings.DEFAULT_MEMORY));

    @TempDir
    private Path folder;

    private Path train;
    private Path factors;

    @BeforeEach
    void fit() throws IOException {
        Path sampled = TestCaptures.write(folder.resolve("sampled"), CaptureObjective.SAMPLED, 1);
        train = TestCaptures.write(folder.resolve("train"), CaptureObjective.TRAINING, 2);
        factors = folder.resolve("factors");
        SparkEkfac.on(Local.SESSION)
                .fit(CaptureFiles.model(sampled), CaptureFiles.examples(Local.context(), sampled, 2), factors);
    }

    /** Builds the index of captures in one JVM. */
    static void inOneJvm(Path factors, Path train, Path index) throws IOException {
        FactorStore store = FactorStore.open(factors);
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32);
                CaptureSet set = CaptureSet.open(train)) {
            CaptureProvider model = CaptureProvider.of(
                    store.manifest().layers(), store.manifest().provenance().model(), set);
            IndexBuild.of(backend, store, model, Damping.DEFAULT, OPTIONS, ProgressListener.silent())
                    .write(index, set, false);
        }
    }

    /** The bytes of the shards, and what the manifest says but for how it was made. */
    static void assertSame(Path expected, Path actual) throws IOException {
        IndexManifest right = IndexManifest.read(expected);
        IndexManifest found = IndexManifest.read(actual);
        assertEquals(right.header(), found.header());
        assertEquals(right.shards(), found.shards());
        assertTrue(found.adding().isEmpty());
        int files = 0;
        for (IndexManifest.Shard shard : right.shards()) {
            for (IndexManifest.StoredFile file : shard.files().values()) {
                assertEquals(-1, Files.mismatch(expected.resolve(file.name()), actual.resolve(file.name())));
                files++;
            }
        }
        assertEquals(right.header().sections().size() * TestCaptures.SHARDS, files);
    }

    @ParameterizedTest
    @EnumSource(Layout.class)
    void theBytesOfOneJvm(Layout layout) throws IOException {
        Path expected = folder.resolve("expected");
        inOneJvm(factors, train, expected);
        Path index = folder.resolve("index");
        List<Integer> shards = IntStream.range(0, TestCaptures.SHARDS).boxed().toList();
        SparkIndex.on(Local.SESSION)
                .with(OPTIONS)
                .build(
                        CaptureFiles.modelOf(factors, train),
                        factors,
                        Damping.DEFAULT,
                        new SparkExamples<>(layout.of(Local.context(), shards), CaptureFiles.reader(train)),
                        index);
        assertSame(expected, index);
        assertEquals(
                FactorStore.open(factors).fingerprint(),
                IndexManifest.read(index).header().factors());
        try (GradientIndex opened = GradientIndex.open(index)) {
            opened.verify();
        }
        assertFalse(Files.exists(index.resolve(".spark/pieces")));
    }

    private static SparkExamples<double[], double[]> rows(int partitions, long notANumber) {
        List<double[]> rows =
                new ArrayList<>(LongStream.range(0, 20).mapToObj(RowModel::row).toList());
        rows.stream().filter(row -> row[0] == notANumber).forEach(row -> row[2] = Double.NaN);
        return new SparkExamples<>(Local.context().parallelize(rows, partitions), RowModel::examples);
    }

    @Test
    void aHostOfOnesOwn() throws IOException {
        SparkEkfac.on(Local.SESSION).fit(new RowModel(), rows(2, -1), folder.resolve("own"));
        SparkIndex builder =
                SparkIndex.on(Local.SESSION).with(IndexOptions.defaults().withBytes(18));
        Path index = folder.resolve("index");
        builder.build(new RowModel(), folder.resolve("own"), Damping.DEFAULT, rows(3, -1), index);
        IndexManifest manifest = IndexManifest.read(index);
        assertEquals(3, manifest.shards().size());
        assertEquals(20, manifest.examples());
        IllegalStateException twice = assertThrows(
                IllegalStateException.class,
                () -> builder.build(new RowModel(), folder.resolve("own"), Damping.DEFAULT, rows(3, -1), index));
        assertTrue(twice.toString().contains("holds an index"), twice::toString);
        NumericalException thrown = assertThrows(
                NumericalException.class,
                () -> builder.build(
                        new RowModel(), folder.resolve("own"), Damping.DEFAULT, rows(4, 13), folder.resolve("none")));
        assertTrue(thrown.toString().contains("partition 2"), thrown::toString);
        assertTrue(thrown.toString().contains("layer only"), thrown::toString);
        assertFalse(Files.exists(folder.resolve("none/index.json")));
    }
}
