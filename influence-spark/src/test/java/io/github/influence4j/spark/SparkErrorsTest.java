package io.github.influence4j.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Data sets and hosts of one's own, and what is said when something is wrong with them. */
@ExtendWith(Local.Idle.class)
class SparkErrorsTest {

    @TempDir
    private Path folder;

    private static List<double[]> rows(int count) {
        return new ArrayList<>(
                LongStream.range(0, count).mapToObj(RowModel::row).toList());
    }

    private static SparkExamples<double[], double[]> examples(List<double[]> rows, int partitions) {
        return new SparkExamples<>(Local.context().parallelize(rows, partitions), RowModel::examples);
    }

    private static SparkEkfac ekfac() {
        return SparkEkfac.on(Local.SESSION).inFloat64();
    }

    private <T extends Exception> String message(Class<T> type, List<double[]> rows, int partitions) {
        return String.valueOf(assertThrows(
                        type, () -> ekfac().fit(new RowModel(), examples(rows, partitions), folder.resolve("factors")))
                .getMessage());
    }

    @Test
    void aHostOfOnesOwn() throws IOException {
        Path factors = folder.resolve("factors");
        ekfac().fit(new RowModel(), examples(rows(20), 3), factors);
        List<Row> rows = ekfac().scoring(new RowModel(), factors, Damping.DEFAULT)
                .pairwise(examples(rows(2), 1), examples(rows(20), 4))
                .rows()
                .collectAsList();
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT64);
                FittedCurvature<double[]> fitted =
                        Ekfac.on(backend).fit(new RowModel.Provider(), ExampleSource.of(rows(20)))) {
            InfluenceScores expected =
                    fitted.damped(Damping.DEFAULT).pairwise(ExampleSource.of(rows(2)), ExampleSource.of(rows(20)));
            double largest = Arrays.stream(expected.row(0)).map(Math::abs).max().orElseThrow();
            for (int q = 0; q < 2; q++) {
                long query = q;
                double[] actual = rows.stream()
                        .filter(row -> row.getLong(0) == query)
                        .mapToDouble(row -> row.getDouble(2))
                        .toArray();
                assertArrayEquals(expected.row(q), actual, Tolerances.REORDERED_FLOAT64 * largest);
            }
        }
    }

    @Test
    void notANumberNamesLayerExampleAndPartition() {
        List<double[]> rows = rows(20);
        rows.get(13)[2] = Double.NaN;
        String message = message(NumericalException.class, rows, 4);
        assertTrue(message.contains("partition 2"), message);
        assertTrue(message.contains("layer only"), message);
        assertTrue(message.contains("13"), message);
        assertFalse(Files.exists(folder.resolve("factors/manifest.json")));
        assertFalse(Files.exists(folder.resolve("factors/.spark/pieces")));
    }

    @Test
    void anIdInTwoPartitions() {
        List<double[]> rows = rows(20);
        rows.get(13)[0] = 4;
        String message = message(IllegalArgumentException.class, rows, 4);
        assertTrue(message.contains("two examples with id 4"), message);
    }

    @Test
    void noExamples() {
        String message = message(IllegalArgumentException.class, List.of(), 3);
        assertEquals("training set: no partition has an example", message);
    }

    @Test
    void aLayerThatDoesNotFit() {
        IllegalArgumentException thrown = assertThrows(IllegalArgumentException.class, () -> ekfac().with(
                        FitOptions.defaults().withMemoryLimit(10))
                .fit(new RowModel(), examples(rows(5), 1), folder.resolve("factors")));
        assertTrue(thrown.toString().contains("layer only needs"), thrown::toString);
        assertTrue(thrown.toString().contains("spark.executor.memoryOverhead"), thrown::toString);
    }

    private record Holding(Object held) implements ProviderFactory<double[]> {
        @Override
        public GradientProvider<double[]> open(MatrixBackend backend) {
            return new RowModel.Provider();
        }
    }

    @Test
    void aFactoryThatCannotBeSent() {
        IllegalArgumentException thrown = assertThrows(IllegalArgumentException.class, () -> ekfac().fit(
                        new Holding(new Object()), examples(rows(5), 1), folder.resolve("factors")));
        assertTrue(thrown.toString().contains("Holding cannot be sent to executors"), thrown::toString);
        assertTrue(thrown.toString().contains("java.lang.Object"), thrown::toString);
    }

    @Test
    void aReaderThatCannotBeSent() {
        Object held = new Object();
        SparkExamples<double[], double[]> examples =
                new SparkExamples<>(Local.context().parallelize(rows(3), 1), rows -> {
                    assertFalse(held.equals(rows));
                    return RowModel.examples(rows);
                });
        IllegalArgumentException thrown = assertThrows(
                IllegalArgumentException.class, () -> ekfac().fit(new RowModel(), examples, folder.resolve("factors")));
        assertTrue(thrown.toString().contains("reader of partitions"), thrown::toString);
    }

    @Test
    void aModelWhoseFilesAreNotThere() {
        Path missing = folder.resolve("missing");
        IllegalArgumentException thrown = assertThrows(IllegalArgumentException.class, () -> ekfac().fit(
                        CaptureFiles.model(missing),
                        new SparkExamples<>(Local.context().parallelize(List.of(0), 1), CaptureFiles.reader(missing)),
                        folder.resolve("factors")));
        assertTrue(thrown.toString().contains(missing + " is not on the machine"), thrown::toString);
    }

    @Test
    void aFolderThatTheDriverMadeElsewhere() throws IOException {
        WorkFolder driver = WorkFolder.create(folder.resolve("work"));
        driver.requireSeen();
        WorkFolder another = new WorkFolder(driver.path(), "another run");
        IllegalArgumentException thrown = assertThrows(IllegalArgumentException.class, another::requireSeen);
        assertTrue(thrown.toString().contains("every machine of the cluster sees"), thrown::toString);
    }

    @Test
    void whatAKilledDriverLeftIsRemoved() throws IOException {
        WorkFolder killed = WorkFolder.create(folder.resolve("factors/.spark/pieces"));
        killed.write("basis-0", Map.of("wrong", Matrix.of(new double[] {1}, 1, 1)));
        ekfac().fit(new RowModel(), examples(rows(9), 2), folder.resolve("factors"));
        assertFalse(Files.exists(folder.resolve("factors/.spark/pieces")));
        assertThrows(IllegalArgumentException.class, killed::requireSeen);
    }

    /** Defect: where Spark had started the last task twice, the second one wrote over the factors that the user had by then. */
    @Test
    void aSecondAttemptLeavesTheFactorsOfTheFirst() throws IOException {
        FitSettings settings = FitSettings.of(FitOptions.defaults().withStrategy(Strategy.IDENTITY));
        WorkFolder work = WorkFolder.create(folder.resolve("work"));
        FitUnits<double[]> units = new FitUnits<>(
                SentModel.of(new RowModel(), Precision.FLOAT64, "fit"),
                settings,
                FitPlan.of(new RowModel.Provider(), Precision.FLOAT64, settings),
                work);
        FactorAssembly<double[]> assembly = new FactorAssembly<>(units, 5, 1, Set.of(), List.of(), Map.of());
        Path factors = Files.createDirectories(folder.resolve("factors"));
        assembly.write(factors);
        Path manifest = factors.resolve("manifest.json");
        Files.writeString(manifest, "read by the user");
        assembly.write(factors);
        assertEquals("read by the user", Files.readString(manifest));
        work.delete();
        assertThrows(IllegalArgumentException.class, () -> assembly.write(factors));
        assertEquals("read by the user", Files.readString(manifest));
    }

    @Test
    void aModelThatIsAnotherElsewhere() {
        FitPlan plan = FitPlan.of(new RowModel.Provider(), Precision.FLOAT64, FitSettings.of(FitOptions.defaults()));
        FitPlan other = new FitPlan("another", plan.groups());
        plan.requireSame(new RowModel.Provider());
        IllegalStateException thrown =
                assertThrows(IllegalStateException.class, () -> other.requireSame(new RowModel.Provider()));
        assertTrue(thrown.toString().contains("same files on every machine"), thrown::toString);
    }

    @Test
    void annotationsThatAreTooOld() {
        JacksonAnnotations.require("this JVM");
        IllegalStateException thrown = assertThrows(
                IllegalStateException.class, () -> JacksonAnnotations.require("an executor", "no.such.Annotation"));
        assertTrue(thrown.toString().contains("spark.executor.extraClassPath"), thrown::toString);
    }

    /** Defect: where an attempt that was given up was still writing, a fit failed in the end because its folder was not empty. */
    @Test
    void aFolderThatIsStillWrittenToIsRemoved() throws IOException, InterruptedException {
        for (int round = 0; round < 20; round++) {
            WorkFolder work = WorkFolder.create(folder.resolve("work"));
            Thread writer = new Thread(() -> {
                for (int piece = 0; piece < 10_000; piece++) {
                    try {
                        work.write("piece-" + piece, Map.of("one", Matrix.of(new double[] {1}, 1, 1)));
                    } catch (IOException | IllegalArgumentException e) {
                        return;
                    }
                }
            });
            writer.start();
            Thread.sleep(20);
            work.delete();
            writer.join();
            assertFalse(Files.exists(folder.resolve("work")));
        }
    }

    @Test
    void notANumberInScoresThatAreWritten() throws IOException {
        Path factors = folder.resolve("factors");
        ekfac().fit(new RowModel(), examples(rows(20), 2), factors);
        List<double[]> wrong = rows(20);
        wrong.get(13)[2] = Double.NaN;
        SparkScoring<double[]> scoring = ekfac().scoring(new RowModel(), factors, Damping.DEFAULT);
        SparkScores pairs = scoring.pairwise(examples(rows(2), 1), examples(wrong, 4));
        SparkScores self = scoring.selfInfluence(examples(wrong, 4));
        for (SparkScores scores : List.of(pairs, self)) {
            Path parquet = folder.resolve(scores == pairs ? "pairs" : "self");
            String message =
                    String.valueOf(assertThrows(NumericalException.class, () -> scores.writeParquet(parquet.toString()))
                            .getMessage());
            assertTrue(message.contains("partition 2"), message);
            assertTrue(message.contains("layer only"), message);
            assertTrue(message.contains("13"), message);
            assertFalse(Files.exists(parquet.resolve("_SUCCESS")));
        }
    }
}
