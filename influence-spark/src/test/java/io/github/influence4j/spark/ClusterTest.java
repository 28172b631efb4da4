package io.github.influence4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.runs.TestCaptures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

    private static void submit(String results, int executors, Class<?> main, String... more)
            throws IOException, InterruptedException {
        submit(results, executors, "spark.serializer=org.apache.spark.serializer.JavaSerializer", main, more);
    }

    private static void submit(String results, int executors, String setting, Class<?> main, String... more)
            throws IOException, InterruptedException {
        String[] arguments = IntStream.range(0, 5 + more.length)
                .mapToObj(k -> k < 5
                        ? List.of(
                                        sampled.toString(),
                                        training.toString(),
                                        queries.toString(),
                                        folder.resolve(results).toString(),
                                        "3")
                                .get(k)
                        : more[k - 5])
                .toArray(String[]::new);
        cluster.submit(results, executors, setting, main, arguments);
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

    @Test
    void twoExecutorsGiveTheBytesOfOneJvm() throws IOException, InterruptedException {
        Path here = inThisJvm();
        submit("two", 2, FitAndScore.class);
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
        submit("killed", 2, KilledExecutors.class, "each");
        List<String> killed = Files.readAllLines(folder.resolve("killed/killed.txt"));
        assertTrue(killed.size() >= 12, killed::toString);
        Path expected = folder.resolve("killed/none");
        for (int k = 0; k < killed.size(); k++) {
            Path results = folder.resolve("killed/" + k);
            assertSameFactors(expected.resolve("factors"), results.resolve("factors"));
            assertEquals(
                    Files.readString(expected.resolve("top.txt")),
                    Files.readString(results.resolve("top.txt")),
                    killed.get(k));
        }
        assertSameFactors(inThisJvm().resolve("factors"), expected.resolve("factors"));
    }

    @Test
    @Tag("slow")
    void oneExecutorGivesTheBytesOfTwo() throws IOException, InterruptedException {
        submit("of-one", 1, FitAndScore.class);
        assertSameFactors(inThisJvm().resolve("factors"), folder.resolve("of-one/factors"));
    }

    @Test
    @Tag("slow")
    void executorsThatAreLostAgainAndAgain() throws IOException, InterruptedException {
        submit("lost", 2, KilledExecutors.class, "always");
        String error = Files.readString(folder.resolve("lost/error.txt"));
        assertTrue(error.startsWith("java.lang.IllegalStateException: covariances: Spark gave up"), error);
        assertFalse(Files.exists(folder.resolve("lost/always/factors/manifest.json")));
    }

    @Test
    @Tag("slow")
    void anotherSerialiser() throws IOException, InterruptedException {
        submit("kryo", 2, "spark.serializer=org.apache.spark.serializer.KryoSerializer", FitAndScore.class);
        assertSameFactors(inThisJvm().resolve("factors"), folder.resolve("kryo/factors"));
        assertEquals(top(inThisJvm()), top(folder.resolve("kryo")));
    }
}
