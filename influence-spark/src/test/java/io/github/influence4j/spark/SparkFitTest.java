package io.github.influence4j.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.runs.TestCaptures;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaRDD;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import scala.Tuple2;

/** Fits of captures in partitions against those of one JVM. */
@ExtendWith(Local.Idle.class)
class SparkFitTest {

    private static final Damping DAMPING = Damping.DEFAULT;

    @TempDir
    private Path folder;

    private Path sampled;
    private Path train;
    private Path queries;

    @BeforeEach
    void writeCaptures() throws IOException {
        sampled = TestCaptures.withHead(folder.resolve("sampled"), CaptureObjective.SAMPLED, 1);
        train = TestCaptures.withHead(folder.resolve("train"), CaptureObjective.TRAINING, 2);
        queries = TestCaptures.withHead(folder.resolve("queries"), CaptureObjective.MEASUREMENT, 3);
    }

    private FactorStore fit(SparkEkfac ekfac, JavaRDD<Integer> shards, String name) throws IOException {
        return ekfac.fit(
                CaptureFiles.model(sampled),
                new SparkExamples<>(shards, CaptureFiles.reader(sampled)),
                folder.resolve(name));
    }

    private static JavaRDD<Integer> shards(int partitions) {
        return Local.context()
                .parallelize(IntStream.range(0, TestCaptures.SHARDS).boxed().toList(), partitions);
    }

    /** All but one shard in one partition, none in another. */
    private static JavaRDD<Integer> skewed() {
        return shards(1)
                .mapToPair(shard -> new Tuple2<>(shard == 0 ? 2 : 1, shard))
                .partitionBy(new HashPartitioner(3))
                .values();
    }

    private void assertScores(FitOptions options, Path factors, Precision precision, double tolerance)
            throws IOException {
        ScoreOptions scores = ScoreOptions.defaults();
        InfluenceScores expected = OneJvm.of(Precision.FLOAT64, options, scores, DAMPING, sampled, train, queries)
                .pairwise();
        InfluenceScores actual =
                OneJvm.of(precision, factors, scores, DAMPING, train, queries).pairwise();
        assertClose(expected, actual, tolerance);
    }

    private static void assertClose(InfluenceScores expected, InfluenceScores actual, double tolerance) {
        for (int q = 0; q < expected.queryIds().length; q++) {
            double largest = Arrays.stream(expected.row(q)).map(Math::abs).max().orElseThrow();
            assertArrayEquals(expected.row(q), actual.row(q), tolerance * largest);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7})
    void factorsAreThoseOfOneJvm(int partitions) throws IOException {
        FactorStore store = fit(SparkEkfac.on(Local.SESSION).inFloat64(), shards(partitions), "factors");
        assertScores(FitOptions.defaults(), folder.resolve("factors"), Precision.FLOAT64, Tolerances.REORDERED_FLOAT64);
        assertEquals(
                TestCaptures.SHARDS * TestCaptures.EXAMPLES,
                store.manifest().provenance().counts().get("examples"));
        assertEquals(partitions, store.manifest().provenance().counts().get("partitions"));
    }

    @Test
    void skewedAndEmptyPartitions() throws IOException {
        fit(SparkEkfac.on(Local.SESSION).inFloat64(), skewed(), "factors");
        assertScores(FitOptions.defaults(), folder.resolve("factors"), Precision.FLOAT64, Tolerances.REORDERED_FLOAT64);
    }

    @ParameterizedTest
    @EnumSource(Strategy.class)
    void everyStrategy(Strategy strategy) throws IOException {
        FitOptions options =
                FitOptions.defaults().withStrategy(strategy).withKfacScale(FitOptions.KfacScale.PER_EXAMPLE);
        fit(SparkEkfac.on(Local.SESSION).inFloat64().with(options), shards(2), "factors");
        assertScores(options, folder.resolve("factors"), Precision.FLOAT64, Tolerances.REORDERED_FLOAT64);
    }

    @Test
    void layersInGroupsAndBlocks() throws IOException {
        FitOptions options = FitOptions.defaults().withBlocks(2);
        FactorStore store =
                fit(SparkEkfac.on(Local.SESSION).inFloat64().with(options.withMemoryLimit(1100)), shards(3), "factors");
        assertEquals(2, store.manifest().provenance().counts().get("layer groups"));
        assertScores(options, folder.resolve("factors"), Precision.FLOAT64, Tolerances.REORDERED_FLOAT64);
    }

    @Test
    void layersThatReadOneInput() throws IOException {
        sampled = TestCaptures.sharing(folder.resolve("s"), CaptureObjective.SAMPLED, 1, true);
        train = TestCaptures.sharing(folder.resolve("t"), CaptureObjective.TRAINING, 2, true);
        queries = TestCaptures.sharing(folder.resolve("q"), CaptureObjective.MEASUREMENT, 3, true);
        FactorStore store = fit(SparkEkfac.on(Local.SESSION).inFloat64(), shards(2), "factors");
        assertEquals(TestCaptures.READING, store.manifest().sharedInputs());
        assertScores(FitOptions.defaults(), folder.resolve("factors"), Precision.FLOAT64, Tolerances.REORDERED_FLOAT64);
    }

    @Test
    void eigenvectorsOfEqualEigenvaluesAreChosenByGradients() throws IOException {
        sampled = TestCaptures.oneHot(folder.resolve("s"), CaptureObjective.SAMPLED, 1);
        train = TestCaptures.oneHot(folder.resolve("t"), CaptureObjective.TRAINING, 2);
        queries = TestCaptures.oneHot(folder.resolve("q"), CaptureObjective.MEASUREMENT, 3);
        FactorStore store = fit(SparkEkfac.on(Local.SESSION).inFloat64(), shards(2), "factors");
        assertEquals(
                "[hot: 6 of 8 inputs]", store.manifest().provenance().options().get("repeated eigenvalues"));
        assertScores(FitOptions.defaults(), folder.resolve("factors"), Precision.FLOAT64, Tolerances.REORDERED_FLOAT64);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7})
    void float32(int partitions) throws IOException {
        fit(SparkEkfac.on(Local.SESSION), shards(partitions), "factors");
        ScoreOptions scores = ScoreOptions.defaults();
        Precision float32 = Precision.FLOAT32;
        assertClose(
                OneJvm.of(float32, FitOptions.defaults(), scores, DAMPING, sampled, train, queries)
                        .pairwise(),
                OneJvm.of(float32, folder.resolve("factors"), scores, DAMPING, train, queries)
                        .pairwise(),
                Tolerances.OTHER_PARTS_FLOAT32);
    }

    @Test
    void theSamePartitionsGiveTheSameBytes() throws IOException {
        fit(SparkEkfac.on(Local.SESSION), shards(3), "one");
        fit(SparkEkfac.on(Local.SESSION), shards(3), "other");
        List<Path> files = tensors(folder.resolve("one"));
        assertFalse(files.isEmpty());
        for (Path file : files) {
            assertEquals(-1, Files.mismatch(file, folder.resolve("other").resolve(file.getFileName())), file::toString);
        }
    }

    static List<Path> tensors(Path factors) throws IOException {
        try (Stream<Path> files = Files.list(factors)) {
            return new ArrayList<>(files.filter(file -> file.toString().endsWith(".safetensors"))
                    .sorted()
                    .toList());
        }
    }

    @Test
    void nothingOfTheRunIsLeft() throws IOException {
        fit(SparkEkfac.on(Local.SESSION), shards(1), "factors");
        assertFalse(Files.exists(folder.resolve("factors/.spark/pieces")));
    }
}
