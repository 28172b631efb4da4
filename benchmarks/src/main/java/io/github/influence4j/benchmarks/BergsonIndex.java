package io.github.influence4j.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.correlation.SpearmansCorrelation;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Compares the scores of bergson's index, two-sided random projections of p by p numbers a matrix, with full EK-FAC scores of the study
 * {@code index}: the same model, sequences and questions, which the study left in its folder.
 */
@Command(
        name = "BergsonIndex",
        mixinStandardHelpOptions = true,
        description = "Compares bergson's index with the full scores of a study; writes bergson.json.")
public final class BergsonIndex implements Callable<Integer> {

    private static final JsonMapper JSON = new JsonMapper();
    private static final int TOP = 10;
    private static final int MORE = 50;

    @Option(names = "--python", required = true, description = "Python with torch, transformers and bergson")
    private Path python = Path.of("");

    @Option(
            names = "--study",
            required = true,
            description = "folder of the study index: checkpoint, sequences.json and full.json are read")
    private Path study = Path.of("");

    @Option(names = "--threads", defaultValue = "2", description = "of PyTorch (default: ${DEFAULT-VALUE})")
    private int threads;

    @Option(
            names = "--dimensions",
            split = ",",
            defaultValue = "16,64",
            description = "p of the projections (default: ${DEFAULT-VALUE})")
    private int[] dimensions = {};

    /** Made by picocli. */
    private BergsonIndex() {}

    /**
     * Runs the comparison.
     *
     * @param arguments see {@code --help}
     */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new BergsonIndex()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path folder = Files.createDirectories(study.resolve("bergson")).toAbsolutePath();
        double[][] full = JSON.readValue(Files.readString(study.resolve("full.json")), double[][].class);
        List<Row> rows = new ArrayList<>();
        for (int dimension : dimensions) {
            JsonNode found = PythonScript.in(folder, "bergson_index.py", python).run(threads, dimension);
            for (JsonNode index : found.get("indexes")) {
                Path file = folder.resolve(index.get("scores").asString());
                rows.add(Row.of(found.get("bergson").asString(), dimension, index, full, scores(file, full)));
            }
        }
        Files.writeString(folder.resolve("bergson.json"), JSON.writeValueAsString(rows));
        System.out.println("| p | curvature | bytes | Spearman | worst question | recall@10 | recall@50 |");
        System.out.println("|---|---|---|---|---|---|---|");
        for (Row row : rows) {
            System.out.printf(
                    Locale.ROOT,
                    "| %d | %s | %,d | %.3f | %.3f | %.3f | %.3f |%n",
                    row.p(),
                    row.curvature(),
                    row.bytes(),
                    row.spearman(),
                    row.worst(),
                    row.recall10(),
                    row.recall50());
        }
        return 0;
    }

    /** What one index of bergson's came to. */
    private record Row(
            String bergson,
            int p,
            String curvature,
            long bytes,
            double seconds,
            double spearman,
            double worst,
            double recall10,
            double recall50) {

        static Row of(String version, int p, JsonNode index, double[][] full, float[][] scores) {
            double[] spearman = new double[full.length];
            double[] ten = new double[full.length];
            double[] fifty = new double[full.length];
            for (int q = 0; q < full.length; q++) {
                float[] row = scores[q];
                double[] found = new double[row.length];
                Arrays.setAll(found, e -> row[e]);
                spearman[q] = new SpearmansCorrelation().correlation(full[q], found);
                ten[q] = recall(full[q], found, TOP);
                fifty[q] = recall(full[q], found, MORE);
            }
            return new Row(
                    version,
                    p,
                    index.get("curvature").asString(),
                    index.get("bytes").asLong(),
                    index.get("seconds").asDouble(),
                    Arrays.stream(spearman).average().orElseThrow(),
                    Arrays.stream(spearman).min().orElseThrow(),
                    Arrays.stream(ten).average().orElseThrow(),
                    Arrays.stream(fifty).average().orElseThrow());
        }
    }

    private static double recall(double[] full, double[] found, int k) {
        Set<Integer> best = best(full, k);
        return best(found, k).stream().filter(best::contains).count() / (double) k;
    }

    private static Set<Integer> best(double[] scores, int k) {
        return IntStream.range(0, scores.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer e) -> -scores[e]))
                .limit(k)
                .collect(Collectors.toSet());
    }

    /** Little-endian float32, a row for each question. */
    private static float[][] scores(Path file, double[][] full) throws IOException {
        FloatBuffer numbers = ByteBuffer.wrap(Files.readAllBytes(file))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer();
        float[][] scores = new float[full.length][full[0].length];
        for (float[] row : scores) {
            numbers.get(row);
        }
        if (numbers.hasRemaining()) {
            throw new IllegalStateException(file + " has more scores than the study");
        }
        return scores;
    }
}
