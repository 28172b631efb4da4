package io.github.influence4j.cli;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.cli.Influence.Ran;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.store.scores.ScoreReader;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.LUDecomposition;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * From captures that PyTorch and transformers made to a page, step by step: check, fit, candidates, refined scores, contrasts, groups, report,
 * each against dense algebra in float64 over the numbers of the files.
 */
class PytorchCapturesTest {

    private static final Path GOLDEN = Path.of("../influence-store/src/test/resources/pytorch");
    private static final double LAMBDA = 0.05;
    private static final int DRAWS = 2;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private static Path folder;

    @BeforeAll
    static void fit() throws IOException {
        try (Stream<Path> files = Files.walk(GOLDEN)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = folder.resolve(GOLDEN.relativize(file).toString());
                Files.createDirectories(Objects.requireNonNull(copy.getParent()));
                Files.copy(file, copy);
            }
        }
        done("fit --captures @sampled --out @factors --precision float64");
        score("scores", " --per-layer --per-token");
        score("refined", " --refine cg --fit-captures @sampled --iterations 400 --tolerance 1e-10");
    }

    private static Ran done(String line) {
        Ran ran = Influence.runIn(folder, line);
        assertEquals(0, ran.exitCode(), ran.err());
        return ran;
    }

    private static Ran score(String out, String more) {
        return done("score --factors @factors --train @training --queries @measurement --damping " + LAMBDA + " --out @"
                + out + more);
    }

    private static InfluenceScores scores(String name) throws IOException {
        return ScoreReader.pairwise(folder.resolve(name));
    }

    /** Whole gradients Σ_p g_p a_pᵀ of all layers, by id. */
    private static Map<Long, double[]> gradients(String set) throws IOException {
        Map<Long, double[]> gradients = new TreeMap<>();
        for (Path file : files(set)) {
            try (SafetensorsFile shard = SafetensorsFile.open(file)) {
                long[] ids = new long[(int) shard.tensor("ids").elements()];
                shard.read("ids", 0, ids.length, ids, 0);
                for (long id : ids) {
                    gradients.put(id, new double[0]);
                }
                for (String name : shard.names()) {
                    if (name.endsWith("/activations")) {
                        addLayer(shard, name.substring(0, name.lastIndexOf('/')), ids, gradients);
                    }
                }
            }
        }
        return gradients;
    }

    private static List<Path> files(String set) throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve(set))) {
            return files.filter(file -> file.toString().endsWith(".safetensors"))
                    .sorted()
                    .toList();
        }
    }

    private static void addLayer(SafetensorsFile shard, String layer, long[] ids, Map<Long, double[]> gradients) {
        TensorSpec a = shard.tensor(layer + "/activations");
        int t = (int) a.dimension(1);
        int i = (int) a.dimension(2);
        int o = (int) shard.tensor(layer + "/output_gradients").dimension(2);
        double[] inputs = numbers(shard, layer + "/activations");
        double[] outputs = numbers(shard, layer + "/output_gradients");
        for (int e = 0; e < ids.length; e++) {
            double[] before = Objects.requireNonNull(gradients.get(ids[e]));
            double[] all = Arrays.copyOf(before, before.length + o * i);
            for (int p = e * t; p < (e + 1) * t; p++) {
                for (int k = 0; k < o * i; k++) {
                    all[before.length + k] += outputs[p * o + k / i] * inputs[p * i + k % i];
                }
            }
            gradients.put(ids[e], all);
        }
    }

    private static double[] numbers(SafetensorsFile file, String name) {
        double[] numbers = new double[(int) file.tensor(name).elements()];
        file.read(name, 0, numbers.length, numbers, 0);
        return numbers;
    }

    private static double[][] rows(Map<Long, double[]> gradients) {
        return gradients.values().toArray(double[][]::new);
    }

    @Test
    void nothingIsWrongWithThem() {
        for (String set : List.of("sampled", "training", "measurement")) {
            Ran ran = Influence.runIn(folder, "check @" + set);
            assertEquals(0, ran.exitCode(), ran.out() + ran.err());
        }
    }

    /** Those of autograd in float64, contrasts among them: of each question the loss of one completion less that of the other. */
    @Test
    void theirGradientsAreAutograds() throws IOException {
        try (SafetensorsFile autograd = SafetensorsFile.open(folder.resolve("gradients.safetensors"))) {
            for (String set : List.of("training", "measurement")) {
                double[][] found = rows(gradients(set));
                double[][] expected = new double[found.length][0];
                for (String name : autograd.names()) {
                    if (name.startsWith(set)) {
                        double[] all = numbers(autograd, name);
                        int each = all.length / found.length;
                        for (int e = 0; e < found.length; e++) {
                            double[] more = Arrays.copyOf(expected[e], expected[e].length + each);
                            System.arraycopy(all, e * each, more, expected[e].length, each);
                            expected[e] = more;
                        }
                    }
                }
                assertClose(expected, found, Tolerances.REORDERED_FLOAT32, set);
            }
        }
    }

    /** (G + λ)⁻¹ of the mean over examples and draws of whole gradients, solved at once. */
    @Test
    void refinedScoresAreThoseOfTheExactSolution() throws IOException {
        double[][] sampled = rows(gradients("sampled"));
        assertEquals(DRAWS * gradients("training").size(), sampled.length);
        int order = sampled[0].length;
        double[][] matrix = new double[order][order];
        for (int r = 0; r < order; r++) {
            for (int c = 0; c < order; c++) {
                for (double[] g : sampled) {
                    matrix[r][c] += g[r] * g[c] / sampled.length;
                }
            }
            matrix[r][r] += LAMBDA;
        }
        double[][] exact = new LUDecomposition(new Array2DRowRealMatrix(matrix))
                .getSolver()
                .solve(new Array2DRowRealMatrix(rows(gradients("training"))).transpose())
                .preMultiply(new Array2DRowRealMatrix(rows(gradients("measurement"))))
                .getData();
        InfluenceScores refined = scores("refined");
        assertArrayEquals(
                gradients("training").keySet().stream()
                        .mapToLong(Long::longValue)
                        .toArray(),
                refined.trainIds());
        double[][] plain = scores("scores").matrix().toArray();
        double[][] found = refined.matrix().toArray();
        for (int q = 0; q < exact.length; q++) {
            assertClose(exact[q], found[q], Tolerances.CONJUGATE_GRADIENT, "question " + q);
            double[] row = exact[q];
            double[] factors = plain[q];
            double largest = Arrays.stream(row).map(Math::abs).max().orElseThrow();
            double off = IntStream.range(0, row.length)
                    .mapToDouble(z -> Math.abs(row[z] - factors[z]))
                    .max()
                    .orElseThrow();
            assertTrue(off > 0.01 * largest, "there is something to improve");
        }
    }

    private static Map<Long, JsonNode> lines(String file) throws IOException {
        Map<Long, JsonNode> lines = new TreeMap<>();
        for (String line : Files.readAllLines(folder.resolve(file))) {
            JsonNode json = JsonMapper.builder().build().readTree(line);
            lines.put(json.get("id").asLong(), json);
        }
        return lines;
    }

    @Test
    void candidatesHaveTheScoresOfAFullScan() throws IOException {
        done("candidates --texts @train.jsonl --queries @questions.jsonl --top 4 --sample 5 --out @candidates.json");
        Ran ran = score("some", " --only @candidates.json --json");
        JsonNode json = JsonMapper.builder().build().readTree(ran.out());
        InfluenceScores some = scores("some");
        assertEquals(
                some.trainIds().length / 24.0,
                json.get("share of examples scored").asDouble(),
                1e-12);
        assertTrue(some.trainIds().length < 24, "not all are candidates");
        InfluenceScores all = scores("scores");
        List<Long> ids = LongStream.of(all.trainIds()).boxed().toList();
        for (int q = 0; q < some.queryIds().length; q++) {
            double[] row = all.row(q);
            assertClose(
                    LongStream.of(some.trainIds())
                            .mapToDouble(id -> row[ids.indexOf(id)])
                            .toArray(),
                    some.row(q),
                    Tolerances.PARITY_FLOAT64,
                    "question " + q);
        }
    }

    @Test
    void groupsAreSumsOverAuthors() throws IOException {
        Ran ran = done("groups --scores @refined --texts @train.jsonl --group-by author --json");
        InfluenceScores refined = scores("refined");
        Map<Long, JsonNode> lines = lines("train.jsonl");
        JsonNode questions = JsonMapper.builder().build().readTree(ran.out()).get("questions");
        for (int q = 0; q < refined.queryIds().length; q++) {
            Map<String, Double> sums = new HashMap<>();
            for (int z = 0; z < refined.trainIds().length; z++) {
                String author = Objects.requireNonNull(lines.get(refined.trainIds()[z]))
                        .get("author")
                        .asString();
                sums.merge(author, refined.score(q, z), Double::sum);
            }
            double largest = Arrays.stream(refined.row(q)).map(Math::abs).max().orElseThrow();
            assertEquals(sums.size(), questions.get(q).get("groups").size());
            for (JsonNode group : questions.get(q).get("groups")) {
                double sum = Objects.requireNonNull(sums.get(group.get("group").asString()));
                assertEquals(sum, group.get("sum").asDouble(), Tolerances.REORDERED_FLOAT64 * largest);
            }
        }
    }

    /** The page's content: texts, groups, and tokens whose parts over layers add up to the score. */
    @Test
    void theReportSaysIt() throws IOException {
        done(
                "report --scores @scores --texts @train.jsonl --query-texts @questions.jsonl --group-by author --examples 3"
                        + " --format json --out @report.json");
        JsonNode report = JsonMapper.builder().build().readTree(Files.readString(folder.resolve("report.json")));
        Map<Long, JsonNode> lines = lines("train.jsonl");
        List<Double> found = new ArrayList<>();
        for (JsonNode question : report.get("questions")) {
            for (JsonNode entry : question.get("helpful")) {
                String text = elements(entry.get("shown").get("text"))
                        .map(piece -> piece.get("text").asString())
                        .collect(Collectors.joining());
                JsonNode line = Objects.requireNonNull(lines.get(entry.get("id").asLong()));
                assertEquals(line.get("text").asString(), text.strip());
                double sum = elements(entry.get("layer tokens"))
                        .flatMap(PytorchCapturesTest::elements)
                        .mapToDouble(JsonNode::asDouble)
                        .sum();
                double score = entry.get("per copy").asDouble();
                assertEquals(score, sum, Tolerances.PARITY_FLOAT64 * Math.abs(score));
                found.add(score);
            }
        }
        assertTrue(found.size() >= 4, found.toString());
        done(
                "report --scores @scores --texts @train.jsonl --query-texts @questions.jsonl --group-by author --out @page.html"
                        + " --shade-layer model.layers.0.mlp.down_proj");
        String page = Files.readString(folder.resolve("page.html"));
        assertTrue(page.contains("Oslo is a city in Norway"), page);
    }

    /** The elements of a list, or the values of an object. */
    private static Stream<JsonNode> elements(JsonNode node) {
        List<JsonNode> all = new ArrayList<>();
        node.forEach(all::add);
        return all.stream();
    }
}
