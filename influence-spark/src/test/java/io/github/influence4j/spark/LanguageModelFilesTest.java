package io.github.influence4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.lm.checkpoint.Checkpoint;
import io.github.influence4j.lm.checkpoint.LayerSelection;
import io.github.influence4j.lm.text.TextData;
import io.github.influence4j.lm.text.TextOptions;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import scala.Tuple2;

/** A language model and lines of JSON in partitions against one JVM. */
@ExtendWith(Local.Idle.class)
class LanguageModelFilesTest {

    private static final Path MODEL = Path.of("../influence-lm/src/test/resources/parity-lm/llama");
    private static final int LENGTH = 12;

    @TempDir
    private Path folder;

    private Path train;
    private Path questions;

    @BeforeEach
    void writeLines() throws IOException {
        train = Files.writeString(folder.resolve("train.jsonl"), lines(20, 7));
        questions = Files.writeString(folder.resolve("questions.jsonl"), lines(3, 8));
    }

    /** With a blank line, which counts as a line. */
    private static String lines(int count, long seed) {
        Random random = new Random(seed);
        return IntStream.range(0, count)
                .mapToObj(k -> random.ints(3 + random.nextInt(8), 0, 160)
                        .mapToObj(String::valueOf)
                        .collect(Collectors.joining(",", "{\"input_ids\":[", "]}\n" + (k == 5 ? "\n" : ""))))
                .collect(Collectors.joining());
    }

    private InfluenceScores oneJvm() throws IOException {
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT64);
                Checkpoint checkpoint = Checkpoint.open(MODEL);
                Decoder model = checkpoint.decoder(
                        backend,
                        LayerSelection.of(checkpoint.shape(), "all").stream()
                                .map(LayerSpec::name)
                                .toList());
                TextData data =
                        open(train, TextOptions.training(checkpoint.shape().vocabulary(), LENGTH));
                TextData asked =
                        open(questions, TextOptions.questions(checkpoint.shape().vocabulary(), LENGTH));
                FittedCurvature<TokenSequence> fitted = Ekfac.on(backend).fit(model, data)) {
            return fitted.damped(Damping.DEFAULT).pairwise(asked, data);
        }
    }

    private static TextData open(Path file, TextOptions options) throws IOException {
        return TextData.open(file, Optional.empty(), options);
    }

    private SparkExamples<Tuple2<String, Long>, TokenSequence> training(int partitions) {
        return LanguageModelFiles.training(Local.context().textFile(train.toString(), partitions), MODEL, LENGTH);
    }

    private SparkScores scores(int partitions) throws IOException {
        Path factors = folder.resolve("factors");
        SparkEkfac ekfac = SparkEkfac.on(Local.SESSION).inFloat64();
        ProviderFactory<TokenSequence> model = LanguageModelFiles.model(MODEL, "all");
        ekfac.fit(model, training(partitions), factors);
        return ekfac.scoring(model, factors, Damping.DEFAULT)
                .pairwise(
                        LanguageModelFiles.queries(Local.context().textFile(questions.toString()), MODEL, LENGTH),
                        training(partitions));
    }

    private static void assertScores(InfluenceScores expected, List<Row> rows, double tolerance) {
        assertEquals(expected.queryIds().length * expected.trainIds().length, rows.size());
        long[] trainIds = expected.trainIds();
        for (int q = 0; q < expected.queryIds().length; q++) {
            double largest = Arrays.stream(expected.row(q)).map(Math::abs).max().orElseThrow();
            for (int z = 0; z < trainIds.length; z++) {
                long query = expected.queryIds()[q];
                long id = trainIds[z];
                Row found = rows.stream()
                        .filter(row -> row.getLong(0) == query && row.getLong(1) == id)
                        .findFirst()
                        .orElseThrow();
                assertEquals(expected.score(q, z), found.getDouble(2), tolerance * largest);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void linesWithoutIds(int partitions) throws IOException {
        assertScores(oneJvm(), scores(partitions).rows().collectAsList(), Tolerances.REORDERED_FLOAT64);
    }

    private void writeIds() throws IOException {
        int[] id = {100};
        Files.writeString(
                train,
                Files.readAllLines(train).stream()
                        .map(line -> line.replace("{", "{\"id\":" + id[0]-- + ","))
                        .collect(Collectors.joining("\n")));
    }

    @Test
    void linesWithIds() throws IOException {
        writeIds();
        assertScores(oneJvm(), scores(2).rows().collectAsList(), Tolerances.REORDERED_FLOAT64);
    }

    @Test
    void rowsOfParquet() throws IOException {
        writeIds();
        String parquet = folder.resolve("parquet").toString();
        Local.SESSION.read().json(train.toString()).repartition(3).write().parquet(parquet);
        InfluenceScores expected = oneJvm();
        Path factors = folder.resolve("factors");
        SparkEkfac ekfac = SparkEkfac.on(Local.SESSION).inFloat64();
        SparkExamples<Tuple2<String, Long>, TokenSequence> rows = LanguageModelFiles.training(
                Local.SESSION.read().parquet(parquet).toJSON().javaRDD(), MODEL, LENGTH);
        ProviderFactory<TokenSequence> model = LanguageModelFiles.model(MODEL, "all");
        ekfac.fit(model, rows, factors);
        SparkScores scores = ekfac.scoring(model, factors, Damping.DEFAULT)
                .pairwise(
                        LanguageModelFiles.queries(Local.context().textFile(questions.toString()), MODEL, LENGTH),
                        rows);
        assertScores(expected, scores.rows().collectAsList(), Tolerances.REORDERED_FLOAT64);
    }

    @Test
    void theBestOfLinesWithTheirLayers() throws IOException {
        InfluenceScores expected = oneJvm();
        Path factors = folder.resolve("factors");
        scores(2);
        List<Row> rows = SparkEkfac.on(Local.SESSION)
                .inFloat64()
                .scoring(LanguageModelFiles.model(MODEL, "all"), factors, Damping.DEFAULT)
                .with(ScoreOptions.defaults().withPerLayer(true))
                .topK(
                        LanguageModelFiles.queries(Local.context().textFile(questions.toString()), MODEL, LENGTH),
                        training(2),
                        2)
                .rows()
                .collectAsList();
        assertEquals(12, rows.size());
        assertEquals(expected.topK(0, 1).get(0).trainId(), rows.get(0).getLong(1));
        double sum = rows.get(0).<String, Double>getJavaMap(5).values().stream()
                .mapToDouble(Double::doubleValue)
                .sum();
        assertEquals(rows.get(0).getDouble(2), sum, Tolerances.REORDERED_FLOAT64 * Math.abs(sum));
    }
}
