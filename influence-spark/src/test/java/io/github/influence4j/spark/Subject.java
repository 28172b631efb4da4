package io.github.influence4j.spark;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * A model with its data in a folder, as a cluster and one JVM fit and score them.
 *
 * @param <E> type of an example
 */
interface Subject<E> {

    Damping DAMPING = Damping.DEFAULT;

    /** The parity fixtures, the digits and a language model's text. */
    static List<String> names() {
        return Stream.concat(CapturesSubject.CASES.stream(), Stream.of("digits", "text"))
                .toList();
    }

    static Subject<?> of(String name, Path all) {
        Path folder = all.resolve(name);
        return switch (name) {
            case "digits" -> new DigitsSubject(folder);
            case "text" -> new TextSubject(folder);
            default -> new CapturesSubject(name, folder);
        };
    }

    /** A data set. */
    enum Side {
        SAMPLED,
        TRAINING,
        QUERIES
    }

    /** Writes what executors read. */
    void write() throws IOException;

    /** The model that is fitted to. */
    ProviderFactory<E> fitted();

    /** The model that is scored with. */
    ProviderFactory<E> scored(Path factors);

    SparkExamples<?, E> examples(JavaSparkContext spark, Side side, Layout layout) throws IOException;

    /** Without Spark: fits to all data as one part, and scores. */
    OneJvm inOneJvm(Precision precision) throws IOException;

    /** Fits and scores on a cluster, and writes the scores as lines. */
    default void run(SparkEkfac ekfac, JavaSparkContext spark, Layout layout, Path results) throws IOException {
        Path factors = results.resolve("factors");
        ekfac.fit(fitted(), examples(spark, Side.SAMPLED, layout), factors);
        SparkScoring<E> scoring = ekfac.scoring(scored(factors), factors, DAMPING);
        SparkExamples<?, E> queries = examples(spark, Side.QUERIES, Layout.ONE);
        SparkExamples<?, E> train = examples(spark, Side.TRAINING, layout);
        write(results.resolve("pairwise"), scoring.pairwise(queries, train));
        write(results.resolve("top"), scoring.topK(queries, train, OneJvm.K));
        write(results.resolve("self"), scoring.selfInfluence(train));
    }

    private static void write(Path file, SparkScores scores) throws IOException {
        Files.write(
                file,
                scores.rows().collectAsList().stream()
                        .map(row -> row.mkString(","))
                        .toList());
    }
}
