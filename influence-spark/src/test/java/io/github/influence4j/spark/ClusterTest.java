package io.github.influence4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.Precision;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.runs.TestCaptures;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Fits and scores on executors in JVMs of their own, submitted as users do: the bytes of two task slots in one JVM. */
class ClusterTest {

    @TempDir
    private static Path folder;

    private static Cluster cluster;
    private static Path sampled;
    private static Path training;
    private static Path queries;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        sampled = TestCaptures.withHead(folder.resolve("sampled"), CaptureObjective.SAMPLED, 1);
        training = TestCaptures.withHead(folder.resolve("training"), CaptureObjective.TRAINING, 2);
        queries = TestCaptures.withHead(folder.resolve("queries"), CaptureObjective.MEASUREMENT, 3);
        cluster = Cluster.start(Files.createDirectories(folder.resolve("cluster")));
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    private static void submit(
            String results, int executors, Map<String, String> settings, Class<?> main, String... more)
            throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(
                sampled.toString(),
                training.toString(),
                queries.toString(),
                folder.resolve(results).toString(),
                "3"));
        arguments.addAll(List.of(more));
        cluster.submit(results, executors, settings, main, arguments.toArray(String[]::new));
    }

    private static List<Row> top(Path results) {
        return Local.SESSION
                .read()
                .parquet(results.resolve("top").toString())
                .orderBy("query", "end", "rank")
                .collectAsList();
    }

    private static void assertSameFactors(Path expected, Path actual) throws IOException {
        List<Path> files = SparkFitTest.tensors(expected);
        assertEquals(6, files.size());
        for (Path file : files) {
            assertEquals(-1, Files.mismatch(file, actual.resolve(file.getFileName())), () -> file + " and " + actual);
        }
    }

    private static Path inThisJvm() throws IOException {
        Path results = folder.resolve("here");
        if (Files.exists(results)) {
            return results;
        }
        SparkEkfac ekfac = SparkEkfac.on(Local.SESSION);
        Path factors = results.resolve("factors");
        ekfac.fit(CaptureFiles.model(sampled), CaptureFiles.examples(Local.context(), sampled, 3), factors);
        ekfac.scoring(CaptureFiles.modelOf(factors, training, queries), factors, Damping.DEFAULT)
                .topK(
                        CaptureFiles.examples(Local.context(), queries, 1),
                        CaptureFiles.examples(Local.context(), training, 3),
                        10)
                .rows()
                .write()
                .parquet(results.resolve("top").toString());
        return results;
    }

    /** The program of the documentation, while the first executor that takes covariances is ended by SIGKILL. */
    @Test
    void twoExecutorsGiveTheBytesOfOneJvmThoughOneIsKilled() throws IOException, InterruptedException {
        Path here = inThisJvm();
        Path killed = folder.resolve("killed-executors");
        submit(
                "two",
                2,
                Map.of(
                        "spark.extraListeners",
                        OneKilledExecutor.class.getName(),
                        OneKilledExecutor.RESULT,
                        killed.toString()),
                FitAndScore.class);
        assertEquals("1", Files.readString(killed));
        assertSameFactors(here.resolve("factors"), folder.resolve("two/factors"));
        assertEquals(top(here), top(folder.resolve("two")));
        // as spark.task.cpus, where the environment says nothing
        String backend = FactorStore.open(folder.resolve("two/factors"))
                .manifest()
                .provenance()
                .backend();
        assertTrue(backend.contains(" 1 threads"), backend);
    }

    @Test
    @Tag("slow")
    void anyStageSurvivesAKilledExecutor() throws IOException, InterruptedException {
        submit("killed", 2, Map.of(), KilledExecutors.class, "each");
        List<String> killed = Files.readAllLines(folder.resolve("killed/killed.txt"));
        for (String kind : List.of("FIT", "TOP", "PAIRS", "SELF", "INDEX")) {
            assertTrue(killed.stream().filter(line -> line.startsWith(kind)).count() >= 3, killed::toString);
        }
        Path expected = folder.resolve("killed/none");
        for (int k = 0; k < killed.size(); k++) {
            Path results = folder.resolve("killed/" + k);
            if (killed.get(k).startsWith("FIT")) {
                assertSameFactors(expected.resolve("factors"), results.resolve("factors"));
            } else if (killed.get(k).startsWith("INDEX")) {
                SparkIndexTest.assertSame(expected.resolve("index"), results.resolve("index"));
            } else {
                assertSameScores(expected, results, killed.get(k));
            }
        }
        assertSameFactors(inThisJvm().resolve("factors"), expected.resolve("factors"));
    }

    private static void assertSameScores(Path expected, Path results, String what) throws IOException {
        int compared = 0;
        for (String scores : List.of("top.txt", "pairs.txt", "self.txt")) {
            if (Files.exists(results.resolve(scores))) {
                String right = Files.readString(expected.resolve(scores));
                assertFalse(right.isEmpty());
                assertEquals(right, Files.readString(results.resolve(scores)), what);
                compared++;
            }
        }
        assertEquals(1, compared, what);
    }

    /** Each precision by itself. */
    @ParameterizedTest
    @EnumSource(Precision.class)
    @Tag("slow")
    void scoresAreThoseOfOneJvmInAnyPartitions(Precision precision) throws IOException, InterruptedException {
        compare(Subject.names(), precision, List.of(Layout.values()));
    }

    private static void compare(List<String> subjects, Precision precision, List<Layout> layouts)
            throws IOException, InterruptedException {
        Path all = Files.createTempDirectory(folder, "subjects");
        List<String> arguments = new ArrayList<>(List.of(all.toString()));
        for (String subject : subjects) {
            Subject.of(subject, all).write();
            layouts.forEach(layout -> arguments.addAll(List.of(subject, precision.name(), layout.name())));
        }
        cluster.submit(
                String.valueOf(all.getFileName()),
                2,
                Map.of(),
                ScoresOfSubjects.class,
                arguments.toArray(String[]::new));
        double tolerance =
                precision == Precision.FLOAT64 ? Tolerances.REORDERED_FLOAT64 : Tolerances.OTHER_PARTS_FLOAT32;
        double selfTolerance = Tolerances.reordered(precision);
        List<String> wrong = new ArrayList<>();
        List<String> differences = new ArrayList<>();
        for (String subject : subjects) {
            OneJvm expected = Subject.of(subject, all).inOneJvm(precision);
            for (Layout layout : layouts) {
                Path results = ScoresOfSubjects.results(all, subject, precision, layout);
                SubjectScores scores = new SubjectScores(results, expected);
                double difference = scores.difference();
                double self = scores.selfDifference();
                String line = results.getFileName() + " " + difference + ", self-influence of itself " + self;
                differences.add(line);
                if (!(difference <= tolerance && self <= selfTolerance)) {
                    wrong.add(line);
                }
            }
        }
        Files.write(Path.of("target/spark-parity-" + precision + ".txt"), differences);
        assertEquals(List.of(), wrong);
    }

    @Test
    @Tag("slow")
    void oneExecutorGivesTheBytesOfTwo() throws IOException, InterruptedException {
        submit("of-one", 1, Map.of(), FitAndScore.class);
        assertSameFactors(inThisJvm().resolve("factors"), folder.resolve("of-one/factors"));
    }

    @Test
    @Tag("slow")
    void executorsThatAreLostAgainAndAgain() throws IOException, InterruptedException {
        submit("lost", 2, Map.of(), KilledExecutors.class, "always");
        List<String> errors = Files.readAllLines(folder.resolve("lost/errors.txt"));
        List<String> stages = List.of("covariances", "scores", "scores", "self-influence", "index");
        assertEquals(stages.size(), errors.size(), errors::toString);
        for (int k = 0; k < stages.size(); k++) {
            String error = errors.get(k);
            assertTrue(
                    error.startsWith("java.lang.IllegalStateException: " + stages.get(k) + ": Spark gave up"), error);
            assertTrue(
                    error.contains("exited unrelated to the running tasks") || error.contains("ExecutorLostFailure"),
                    error);
        }
        Path results = folder.resolve("lost/always");
        assertFalse(Files.exists(results.resolve("factors/manifest.json")));
        assertFalse(Files.exists(results.resolve("pairs/_SUCCESS")));
        assertFalse(Files.exists(results.resolve("self/_SUCCESS")));
        assertFalse(Files.exists(results.resolve("index/index.json")));
    }

    @Test
    @Tag("slow")
    @EnabledOnOs(OS.LINUX)
    void pathsThatOnlyTheDriverSees() throws IOException, InterruptedException {
        TestCaptures.withHead(folder.resolve("cluster/only-here"), CaptureObjective.SAMPLED, 1);
        Path errors = folder.resolve("paths.txt");
        cluster.submit(
                "paths", 2, Map.of(), PathsOfTheDriver.class, sampled.toString(), "only-here", errors.toString());
        List<String> lines = Files.readAllLines(errors);
        assertEquals(2, lines.size(), lines::toString);
        for (String line : lines) {
            assertTrue(line.startsWith("java.lang.IllegalArgumentException: "), line);
            assertTrue(line.contains("/proc/self/cwd/"), line);
            assertTrue(line.contains("is not on the machine"), line);
            assertTrue(line.contains("every machine of the cluster sees"), line);
            assertFalse(line.contains("manifest"), line);
        }
    }

    @Test
    @Tag("slow")
    void anotherSerialiser() throws IOException, InterruptedException {
        submit("kryo", 2, Map.of("spark.serializer", "org.apache.spark.serializer.KryoSerializer"), FitAndScore.class);
        assertSameFactors(inThisJvm().resolve("factors"), folder.resolve("kryo/factors"));
        assertEquals(top(inThisJvm()), top(folder.resolve("kryo")));
    }
}
