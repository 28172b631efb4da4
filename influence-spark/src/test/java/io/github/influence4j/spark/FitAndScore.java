package io.github.influence4j.spark;

import io.github.influence4j.api.Damping;
import io.github.influence4j.store.captures.CapturedExample;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/** Fits to captures in folders and writes the ten best and worst training examples of each query. */
public final class FitAndScore {

    private FitAndScore() {}

    /** Takes the folders: sampled, training, queries, and a folder for the results; and in how many partitions. */
    public static void main(String... folders) throws IOException {
        Path sampled = Path.of(folders[0]);
        Path training = Path.of(folders[1]);
        Path queries = Path.of(folders[2]);
        Path results = Path.of(folders[3]);
        Path factors = results.resolve("factors");
        int partitions = Integer.parseInt(folders[4]);
        try (SparkSession session = SparkSession.builder().getOrCreate()) {
            JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
            SparkEkfac ekfac = SparkEkfac.on(session);
            ekfac.fit(CaptureFiles.model(sampled), CaptureFiles.examples(spark, sampled, partitions), factors);
            SparkScoring<CapturedExample> scoring =
                    ekfac.scoring(CaptureFiles.modelOf(factors, training, queries), factors, Damping.DEFAULT);
            scoring.topK(
                            CaptureFiles.examples(spark, queries, 1),
                            CaptureFiles.examples(spark, training, partitions),
                            10)
                    .writeParquet(results.resolve("top").toString());
        }
    }
}
