package io.github.influence4j.spark;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * Fits and scores, and measures what the driver holds meanwhile: its heap after each task, garbage collected, with all that Spark stores, and
 * its resident memory.
 */
public final class DriverMemory {

    private static final int QUERIES = 4;

    private long heap;

    /** What the heap holds at least in each stage, of each group of layers by itself: copies that are on their way come and go. */
    private final Map<String, Long> least = new HashMap<>();

    private DriverMemory() {}

    /** Takes a folder for results, the number of examples, of layers, their size, the memory limit of a task, and of partitions. */
    public static void main(String... arguments) throws IOException {
        Path results = Path.of(arguments[0]);
        long examples = Long.parseLong(arguments[1]);
        MadeLayers model = new MadeLayers(Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3]));
        long limit = Long.parseLong(arguments[4]);
        int partitions = Integer.parseInt(arguments[5]);
        try (SparkSession session = SparkSession.builder().getOrCreate()) {
            JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
            DriverMemory memory = new DriverMemory();
            ProgressListener measuring = (stage, done, total) -> memory.measure(stage);
            Path factors = results.resolve("factors");
            SparkExamples<Long, Long> train = MadeLayers.examples(spark, examples, partitions);
            SparkExamples<Long, Long> queries = MadeLayers.examples(spark, QUERIES, 1);
            SparkEkfac ekfac = SparkEkfac.on(session)
                    .with(FitOptions.defaults().withMemoryLimit(limit))
                    .reporting(measuring);
            ekfac.fit(model, train, factors);
            SparkScoring<Long> scoring = ekfac.scoring(model, factors, Damping.DEFAULT)
                    .with(ScoreOptions.defaults().withMemoryLimit(2 * limit));
            scoring.topK(queries, train, 10);
            scoring.pairwise(queries, train)
                    .writeParquet(results.resolve("pairs").toString());
            scoring.selfInfluence(train).writeParquet(results.resolve("self").toString());
            Files.write(results.resolve("memory"), memory.measured());
        }
    }

    private synchronized void measure(String stage) {
        System.gc();
        long used = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
        heap = Math.max(heap, used);
        least.merge(stage, used, Math::min);
    }

    /** Bytes of the heap that stay in the fullest stage, the most of the heap, and resident. */
    private synchronized List<String> measured() throws IOException {
        return List.of(Long.toString(Collections.max(least.values())), Long.toString(heap), Long.toString(resident()));
    }

    /** The most that was in memory at any time, in bytes. */
    private static long resident() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", "")))
                .findFirst()
                .orElse(0);
    }
}
