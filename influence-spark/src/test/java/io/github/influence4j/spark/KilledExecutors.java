package io.github.influence4j.spark;

import io.github.influence4j.api.Damping;
import io.github.influence4j.index.IndexOptions;
import io.github.influence4j.store.captures.CapturedExample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Fits and scores while executors are killed: once in each stage, each in a run of its own, or whenever one is at a pass over the data. */
public final class KilledExecutors {

    /** As few as the layers of the captures with a head can have. */
    private static final int SIGNS = 38;

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

    /** Work whose stages are counted and killed apart: scores are taken with the factors of the run that nobody disturbed. */
    private enum Kind {
        FIT("covariances"),
        TOP("scores"),
        PAIRS("scores"),
        SELF("self-influence"),
        INDEX("index");

        private final String stage;

        Kind(String stage) {
            this.stage = stage;
        }
    }

    private void each(ExecutorKiller killer, Path results) throws IOException {
        Path none = results.resolve("none");
        for (Kind kind : Kind.values()) {
            run(kind, none, none);
        }
        List<String> killed = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            killer.arm((place, stage) -> false);
            run(kind, none, results.resolve("counted"));
            int stages = killer.stages();
            for (int k = 0; k < stages; k++) {
                int at = k;
                killer.arm((place, stage) -> place == at && killer.killed() == 0);
                run(kind, none, results.resolve(Integer.toString(killed.size())));
                if (killer.killed() != 1) {
                    throw new IllegalStateException(kind + ", stage " + k + ": killed " + killer.killed());
                }
                killed.add(kind + " " + k + ": " + killer.words(k));
                Files.write(results.resolve("killed.txt"), killed);
            }
        }
    }

    private void always(ExecutorKiller killer, Path results) throws IOException {
        Path none = results.resolve("none");
        run(Kind.FIT, none, none);
        List<String> errors = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            killer.arm((place, stage) -> stage.contains("influence4j: " + kind.stage));
            try {
                run(kind, none, results.resolve("always"));
                errors.add("none");
            } catch (IllegalStateException e) {
                errors.add(e.toString());
            }
        }
        killer.arm((place, stage) -> false);
        Files.write(results.resolve("errors.txt"), errors);
    }

    /** Does one kind of work, with the factors of a run before where they are needed. */
    private void run(Kind kind, Path fitted, Path results) throws IOException {
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
        SparkEkfac ekfac = SparkEkfac.on(session);
        Files.createDirectories(results);
        if (kind == Kind.FIT) {
            ekfac.fit(
                    new SlowCaptures(CaptureFiles.model(sampled)),
                    CaptureFiles.examples(spark, sampled, partitions),
                    results.resolve("factors"));
            return;
        }
        Path factors = fitted.resolve("factors");
        SparkScoring<CapturedExample> scoring = ekfac.scoring(
                new SlowCaptures(CaptureFiles.modelOf(factors, training, queries)), factors, Damping.DEFAULT);
        if (kind == Kind.INDEX) {
            SparkIndex.on(session)
                    .with(IndexOptions.defaults().withBytes(SIGNS))
                    .build(
                            new SlowCaptures(CaptureFiles.modelOf(factors, training)),
                            factors,
                            Damping.DEFAULT,
                            CaptureFiles.examples(spark, training, partitions),
                            results.resolve("index"));
            return;
        }
        SparkExamples<Integer, CapturedExample> asked = CaptureFiles.examples(spark, queries, 1);
        SparkExamples<Integer, CapturedExample> train = CaptureFiles.examples(spark, training, partitions);
        switch (kind) {
            case TOP ->
                write(results, "top", scoring.topK(asked, train, 10).rows().collectAsList());
            case PAIRS -> write(results, "pairs", scoring.pairwise(asked, train));
            default -> write(results, "self", scoring.selfInfluence(train));
        }
    }

    private void write(Path results, String name, SparkScores scores) throws IOException {
        Path parquet = results.resolve(name);
        scores.writeParquet(parquet.toString());
        write(results, name, session.read().parquet(parquet.toString()).collectAsList());
    }

    private static void write(Path results, String name, List<Row> rows) throws IOException {
        Files.write(
                results.resolve(name + ".txt"),
                rows.stream().map(row -> row.mkString(",")).sorted().toList());
    }
}
