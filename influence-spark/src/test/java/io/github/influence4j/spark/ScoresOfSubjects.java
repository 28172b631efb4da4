package io.github.influence4j.spark;

import io.github.influence4j.api.Precision;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/** Fits and scores subjects on a cluster, in one application. */
public final class ScoresOfSubjects {

    private ScoresOfSubjects() {}

    /** Where the scores of a run are. */
    static Path results(Path all, String subject, Precision precision, Layout layout) {
        return all.resolve("results").resolve(subject + "-" + precision + "-" + layout);
    }

    /** Takes the folder of the subjects, and runs such as {@code mlp FLOAT64 SEVEN}. */
    public static void main(String... arguments) throws IOException {
        Path all = Path.of(arguments[0]);
        try (SparkSession session = SparkSession.builder().getOrCreate()) {
            JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
            for (int k = 1; k < arguments.length; k += 3) {
                Precision precision = Precision.valueOf(arguments[k + 1]);
                Layout layout = Layout.valueOf(arguments[k + 2]);
                SparkEkfac ekfac = SparkEkfac.on(session);
                Subject.of(arguments[k], all)
                        .run(
                                precision == Precision.FLOAT64 ? ekfac.inFloat64() : ekfac,
                                spark,
                                layout,
                                results(all, arguments[k], precision, layout));
            }
        }
    }
}
