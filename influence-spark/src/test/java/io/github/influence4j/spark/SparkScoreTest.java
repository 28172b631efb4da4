package io.github.influence4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.runs.TestCaptures;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import scala.jdk.javaapi.CollectionConverters;

/** Scores of captures in partitions against those of one JVM. */
@ExtendWith(Local.Idle.class)
class SparkScoreTest {

    @TempDir
    private Path folder;

    private Path sampled;
    private Path train;
    private Path queries;

    @BeforeEach
    void fit() throws IOException {
        sampled = TestCaptures.write(folder.resolve("sampled"), CaptureObjective.SAMPLED, 1);
        train = TestCaptures.write(folder.resolve("train"), CaptureObjective.TRAINING, 2);
        queries = TestCaptures.write(folder.resolve("queries"), CaptureObjective.MEASUREMENT, 3);
        SparkEkfac.on(Local.SESSION)
                .inFloat64()
                .fit(CaptureFiles.model(sampled), examples(sampled, 2), folder.resolve("factors"));
    }

    private static SparkExamples<Integer, CapturedExample> examples(Path captures, int partitions) throws IOException {
        return CaptureFiles.examples(Local.context(), captures, partitions);
    }

    private SparkScoring<CapturedExample> scoring(ScoreOptions options) {
        Path factors = folder.resolve("factors");
        return SparkEkfac.on(Local.SESSION)
                .inFloat64()
                .scoring(CaptureFiles.modelOf(factors, train, queries), factors, Damping.DEFAULT)
                .with(options);
    }

    private OneJvm oneJvm(ScoreOptions options) throws IOException {
        return OneJvm.of(Precision.FLOAT64, FitOptions.defaults(), options, Damping.DEFAULT, sampled, train, queries);
    }

    private static Map<List<Long>, Row> byPair(Dataset<Row> rows) {
        Map<List<Long>, Row> pairs = new HashMap<>();
        rows.collectAsList().forEach(row -> pairs.put(List.of(row.getLong(0), row.getLong(1)), row));
        return pairs;
    }

    private static Row row(Map<List<Long>, Row> pairs, long query, long train) {
        return Objects.requireNonNull(pairs.get(List.of(query, train)));
    }

    private static double part(Row row, int column, String layer) {
        return Objects.requireNonNull(row.<String, Double>getJavaMap(column).get(layer));
    }

    private static double largest(OneJvm expected) {
        double largest = 0;
        for (double[] row : expected.pairwise().matrix().toArray()) {
            for (double score : row) {
                largest = Math.max(largest, Math.abs(score));
            }
        }
        return largest;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7})
    void allScoresAsParquet(int partitions) throws IOException {
        ScoreOptions options = ScoreOptions.defaults().withPerLayer(true);
        OneJvm expected = oneJvm(options);
        String parquet = folder.resolve("scores").toString();
        scoring(options)
                .pairwise(examples(queries, 1), examples(train, partitions))
                .rows()
                .write()
                .parquet(parquet);
        Map<List<Long>, Row> actual = byPair(Local.SESSION.read().parquet(parquet));
        long[] queryIds = expected.pairwise().queryIds();
        long[] trainIds = expected.pairwise().trainIds();
        assertEquals(queryIds.length * trainIds.length, actual.size());
        double tolerance = Tolerances.REORDERED_FLOAT64 * largest(expected);
        for (int q = 0; q < queryIds.length; q++) {
            for (int z = 0; z < trainIds.length; z++) {
                Row row = row(actual, queryIds[q], trainIds[z]);
                assertEquals(expected.pairwise().score(q, z), row.getDouble(2), tolerance);
                for (String layer : expected.pairwise().layers()) {
                    double part = expected.pairwise().layer(layer).toArray()[q][z];
                    assertEquals(part, part(row, 3, layer), tolerance);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 7})
    void theBestAndTheWorst(int partitions) throws IOException {
        ScoreOptions options = ScoreOptions.defaults().withQueryBatchSize(5).withPerLayer(true);
        OneJvm expected = oneJvm(options);
        SparkScores scores = scoring(options).topK(examples(queries, 2), examples(train, partitions), OneJvm.K);
        List<Row> rows = scores.rows().collectAsList();
        int next = 0;
        double tolerance = Tolerances.REORDERED_FLOAT64 * largest(expected);
        for (int q = 0; q < expected.top().queryIds().size(); q++) {
            for (String end : List.of("helpful", "harmful")) {
                List<Influence> kept = end.equals("helpful")
                        ? expected.top().helpful().get(q)
                        : expected.top().harmful().get(q);
                for (int rank = 0; rank < kept.size(); rank++) {
                    Row row = rows.get(next++);
                    assertEquals(expected.top().queryIds().get(q), row.getLong(0));
                    assertEquals(kept.get(rank).trainId(), row.getLong(1));
                    assertEquals(kept.get(rank).score(), row.getDouble(2), tolerance);
                    assertEquals(end, row.getString(3));
                    assertEquals(rank + 1, row.getInt(4));
                    double sum = row.<String, Double>getJavaMap(5).values().stream()
                            .mapToDouble(Double::doubleValue)
                            .sum();
                    assertEquals(kept.get(rank).score(), sum, tolerance);
                }
            }
        }
        assertEquals(next, rows.size());
        assertEquals(21, scores.provenance().counts().get("training examples"));
        assertTrue(scores.provenance().options().toString().contains("damping={first"));
    }

    @Test
    void queriesCutToARank() throws IOException {
        ScoreOptions options = ScoreOptions.defaults().withRank(2);
        OneJvm expected = oneJvm(options);
        Map<List<Long>, Row> actual = byPair(scoring(options)
                .pairwise(examples(queries, 1), examples(train, 3))
                .rows());
        actual.forEach((pair, row) -> assertEquals(
                expected.pairwise().score(pair.get(0).intValue(), pair.get(1).intValue()),
                row.getDouble(2),
                Tolerances.REORDERED_FLOAT64 * largest(expected)));
    }

    @Test
    void tokens() throws IOException {
        ScoreOptions options = ScoreOptions.defaults().withPerToken(true);
        OneJvm expected = oneJvm(options.withPerLayer(true));
        InfluenceScores scores = expected.pairwise();
        Row one = row(byPair(rows(options)), 1, 2);
        requireTokens(scores.tokens(1, 2), one.getList(3), expected);
        // with parts by layer, by layer and token too
        Row both = row(byPair(rows(options.withPerLayer(true))), 1, 2);
        requireTokens(scores.tokens(1, 2), both.getList(4), expected);
        Map<String, scala.collection.Seq<Double>> layers = both.getJavaMap(5);
        assertEquals(Set.copyOf(scores.tokenLayers()), layers.keySet());
        layers.forEach((layer, found) ->
                requireTokens(scores.tokens(layer, 1, 2), CollectionConverters.asJava(found), expected));
    }

    private Dataset<Row> rows(ScoreOptions options) throws IOException {
        return scoring(options)
                .pairwise(examples(queries, 1), examples(train, 3))
                .rows();
    }

    private static void requireTokens(double[] tokens, List<Double> found, OneJvm expected) {
        assertEquals(tokens.length, found.size());
        for (int t = 0; t < tokens.length; t++) {
            assertEquals(tokens[t], found.get(t), Tolerances.REORDERED_FLOAT64 * largest(expected));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 7})
    void selfInfluence(int partitions) throws IOException {
        ScoreOptions options = ScoreOptions.defaults().withPerLayer(true);
        OneJvm expected = oneJvm(options);
        SparkScores scores = scoring(options).selfInfluence(examples(train, partitions));
        List<Row> rows = scores.rows().collectAsList();
        assertEquals(expected.self().ids().length, rows.size());
        for (int z = 0; z < rows.size(); z++) {
            double score = expected.self().scores()[z];
            assertEquals(expected.self().ids()[z], rows.get(z).getLong(0));
            assertEquals(score, rows.get(z).getDouble(1), Tolerances.REORDERED_FLOAT64 * score);
            double part = expected.self().layer("first")[z];
            assertEquals(part, part(rows.get(z), 2, "first"), Tolerances.REORDERED_FLOAT64 * score);
        }
    }

    /** Defect: the executor that prepared queries, and all for self-influence, loaded all factors whatever the limit. */
    @Test
    void factorsInGroups() throws IOException {
        OneJvm expected = oneJvm(ScoreOptions.defaults());
        // both layers take 1,664 bytes, and half of the limit is theirs
        SparkScoring<CapturedExample> scoring =
                scoring(ScoreOptions.defaults().withMemoryLimit(3_000).withPerLayer(true));
        SparkScores scores = scoring.pairwise(examples(queries, 1), examples(train, 3));
        byPair(scores.rows()).forEach((pair, row) -> {
            double score = expected.pairwise()
                    .score(pair.get(0).intValue(), pair.get(1).intValue());
            assertEquals(score, row.getDouble(2), Tolerances.REORDERED_FLOAT64 * largest(expected));
        });
        String damping = String.valueOf(scores.provenance().options().get("damping"));
        assertTrue(damping.matches("\\{first=[0-9.E-]+, second=[0-9.E-]+\\}"), damping);
        List<Row> rows = scoring.selfInfluence(examples(train, 3)).rows().collectAsList();
        for (int z = 0; z < rows.size(); z++) {
            double score = expected.self().scores()[z];
            assertEquals(score, rows.get(z).getDouble(1), Tolerances.REORDERED_FLOAT64 * score);
            double sum = part(rows.get(z), 2, "first") + part(rows.get(z), 2, "second");
            assertEquals(score, sum, Tolerances.REORDERED_FLOAT64 * score);
        }
        assertEquals(expected.self().ids().length, rows.size());
    }

    @Test
    void capturesOfAnotherObjectiveAreRefused() throws IOException {
        SparkScoring<CapturedExample> scoring = scoring(ScoreOptions.defaults());
        SparkExamples<Integer, CapturedExample> wrong = examples(sampled, 1);
        Exception thrown = assertThrows(RuntimeException.class, () -> scoring.topK(examples(queries, 1), wrong, 3));
        assertTrue(thrown.toString().contains("asked for was training"), thrown::toString);
    }
}
