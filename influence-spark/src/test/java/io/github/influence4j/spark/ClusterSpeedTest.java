package io.github.influence4j.spark;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two executors of one core against one, on a machine that does nothing else: with {@code -Dspark.speed=true}. Writes what it measured to
 * {@code target/spark-speed.txt}.
 */
@EnabledIfSystemProperty(named = "spark.speed", matches = "true")
class ClusterSpeedTest {

    private static final long FITTED = Long.getLong("spark.speed.fitted", 180_000);
    private static final long SCORED = Long.getLong("spark.speed.scored", 240_000);
    private static final double AT_LEAST = 1.7;
    /** More than executors, so that one that is slower does not keep the other waiting for long. */
    private static final String PARTITIONS = "8";
    /** The collector and the compilers of a JVM stay on its core too. */
    private static final String ONE_CORE = "-XX:ActiveProcessorCount=1";

    @TempDir
    private Path folder;

    @Test
    void twoExecutorsAgainstOne() throws IOException, InterruptedException {
        StringBuilder text = new StringBuilder("executors, seconds of the fit, seconds of the scores\n");
        double[][] seconds = new double[2][];
        try (Cluster cluster = Cluster.start(Files.createDirectories(folder.resolve("cluster")))) {
            for (int executors = 1; executors <= 2; executors++) {
                Path results = Files.createDirectories(folder.resolve("speed-" + executors));
                cluster.submit(
                        "speed-" + executors,
                        executors,
                        Map.of("spark.executor.extraJavaOptions", ONE_CORE),
                        ClusterSpeed.class,
                        results.toString(),
                        Long.toString(FITTED),
                        Long.toString(SCORED),
                        PARTITIONS);
                String measured = Files.readString(results.resolve("seconds"));
                seconds[executors - 1] = Arrays.stream(measured.split(" "))
                        .mapToDouble(Double::parseDouble)
                        .toArray();
                text.append(executors).append(' ').append(measured).append('\n');
                Files.readAllLines(results.resolve("stages"))
                        .forEach(line -> text.append("  ").append(line).append('\n'));
            }
        }
        double fit = seconds[0][0] / seconds[1][0];
        double score = seconds[0][1] / seconds[1][1];
        text.append(String.format(Locale.ROOT, "as fast: %.2f and %.2f times%n", fit, score));
        Files.writeString(Path.of("target/spark-speed.txt"), text);
        assertTrue(fit >= AT_LEAST && score >= AT_LEAST, text::toString);
    }
}
