package io.github.influence4j.spark;

import io.github.influence4j.api.Damping;
import io.github.influence4j.store.captures.CapturedExample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Fits and scores while executors are killed: once in each stage, each in a run of its own, or whenever one takes covariances. */
public final class KilledExecutors {

    private final Path sampled;
    private final Path training;
    private final Path queries;
    private final int partitions;
    private final SparkSession session;

    private KilledExecutors(SparkSession session, String... folders) {
        this.session = session;
        this.sampled = Path.of(folders[0]);
        this.training = Path.of(folders[1]);
        this.queries = Path.of(folders[2]);
        this.partitions = Integer.parseInt(folders[4]);
    }

    /** Takes what {@link FitAndScore} takes, and whether {@code each} stage is to be killed once or {@code always}. */
    public static void main(String... arguments) throws IOException {
        Path results = Path.of(arguments[3]);
        try (SparkSession session = SparkSession.builder().getOrCreate()) {
            ExecutorKiller killer =
                    new ExecutorKiller(session.sparkContext().conf().get("spark.driver.port"));
            session.sparkContext().addSparkListener(killer);
            KilledExecutors program = new KilledExecutors(session, arguments);
            if (arguments[5].equals("each")) {
                program.each(killer, results);
            } else {
                program.always(killer, results);
            }
        }
    }

    private void each(ExecutorKiller killer, Path results) throws IOException {
        fitAndScore(results.resolve("none"));
        killer.arm((place, stage) -> false);
        fitAndScore(results.resolve("counted"));
        int stages = killer.stages();
        List<String> killed = new ArrayList<>();
        for (int k = 0; k < stages; k++) {
            int at = k;
            killer.arm((place, stage) -> place == at && killer.killed() == 0);
            fitAndScore(results.resolve(Integer.toString(k)));
            if (killer.killed() != 1) {
                throw new IllegalStateException("stage " + k + ": killed " + killer.killed());
            }
            killed.add(k + ": " + killer.words(k));
            Files.write(results.resolve("killed.txt"), killed);
        }
    }

    private void always(ExecutorKiller killer, Path results) throws IOException {
        killer.arm((place, stage) -> stage.contains("covariances"));
        Files.createDirectories(results);
        try {
            fitAndScore(results.resolve("always"));
            Files.writeString(results.resolve("error.txt"), "none");
        } catch (IllegalStateException e) {
            Files.writeString(results.resolve("error.txt"), e.toString());
        }
    }

    private void fitAndScore(Path results) throws IOException {
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
        SparkEkfac ekfac = SparkEkfac.on(session);
        Path factors = results.resolve("factors");
        ekfac.fit(
                new SlowCaptures(CaptureFiles.model(sampled)),
                CaptureFiles.examples(spark, sampled, partitions),
                factors);
        SparkScoring<CapturedExample> scoring = ekfac.scoring(
                new SlowCaptures(CaptureFiles.modelOf(factors, training, queries)), factors, Damping.DEFAULT);
        List<Row> top = scoring.topK(
                        CaptureFiles.examples(spark, queries, 1),
                        CaptureFiles.examples(spark, training, partitions),
                        10)
                .rows()
                .collectAsList();
        Files.write(results.resolve("top.txt"), top.stream().map(Row::toString).toList());
    }
}
