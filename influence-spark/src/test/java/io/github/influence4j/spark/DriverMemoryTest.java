package io.github.influence4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.factor.FactorMemory;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.store.factors.FactorStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the driver of a fit with its scores holds, with ten times the examples and ten times the layers, all that Spark stores included. Writes
 * what it measured to {@code target/spark-driver.txt}.
 */
@Tag("slow")
class DriverMemoryTest {

    private static final int SIZE = 362;

    /** Less than the ids, the bases or the queries of the larger run take. */
    private static final double MOST_GROWTH = 4 << 20;

    /** Some copies of a group's bases, 2 MB: of twenty groups more are on their way at some moment than of two. */
    private static final double MOST_GROWTH_OF_PEAK = 10 << 20;

    @TempDir
    private static Path folder;

    private static final StringBuilder MEASURED = new StringBuilder();
    private static Cluster cluster;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        cluster = Cluster.start(Files.createDirectories(folder.resolve("cluster")));
    }

    @AfterAll
    static void stop() throws IOException {
        cluster.close();
        Files.writeString(Path.of("target/spark-driver.txt"), MEASURED);
    }

    /** Bytes of the heap that stay, the most of the heap at any time, and resident. */
    private record Held(long kept, long heap, long resident) {}

    private static Held run(String name, String... arguments) throws IOException, InterruptedException {
        Path results = folder.resolve(name);
        String[] all = new String[arguments.length + 1];
        all[0] = results.toString();
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        cluster.submit(name, 2, Map.of(), DriverMemory.class, all);
        List<String> lines = Files.readAllLines(results.resolve("memory"));
        Held held = new Held(Long.parseLong(lines.get(0)), Long.parseLong(lines.get(1)), Long.parseLong(lines.get(2)));
        MEASURED.append(String.format(
                Locale.ROOT,
                "%s: stays %.1f MiB, heap at most %.1f MiB, resident %.0f MiB%n",
                name,
                held.kept() / 1048576.0,
                held.heap() / 1048576.0,
                held.resident() / 1048576.0));
        return held;
    }

    private static void assertNoGrowth(Held one, Held ten) {
        assertTrue(ten.kept() - one.kept() < MOST_GROWTH, MEASURED::toString);
        assertTrue(ten.heap() - one.heap() < MOST_GROWTH_OF_PEAK, MEASURED::toString);
    }

    /** Ids of 900,000 more examples would take 7 MB as numbers, and more as objects. */
    @Test
    void tenTimesTheExamples() throws IOException, InterruptedException {
        Held one = run("100,000 examples", "100000", "2", "4", "1000000", "2");
        Held ten = run("1,000,000 examples", "1000000", "2", "4", "1000000", "2");
        assertNoGrowth(one, ten);
    }

    /** In groups of two layers, whose bases take 2 MB. Those of forty layers take 42 MB, and their queries 84 MB. */
    @Test
    void tenTimesTheLayers() throws IOException, InterruptedException {
        FactorMemory memory = new FactorMemory(Precision.FLOAT32, Strategy.EKFAC, 1, SharedInputs.none());
        String limit = Long.toString((long) Math.ceil(memory.peakBytes(new MadeLayers(2, SIZE).layers())));
        Held one = run("4 layers", "100", "4", Integer.toString(SIZE), limit, "2");
        Held ten = run("40 layers", "100", "40", Integer.toString(SIZE), limit, "2");
        assertEquals(2, groups("4 layers"));
        assertEquals(20, groups("40 layers"));
        assertNoGrowth(one, ten);
    }

    private static long groups(String name) throws IOException {
        return FactorStore.open(folder.resolve(name).resolve("factors"))
                .manifest()
                .provenance()
                .counts()
                .getOrDefault("layer groups", 0L);
    }
}
