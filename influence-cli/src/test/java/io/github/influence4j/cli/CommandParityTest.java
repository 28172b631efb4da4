package io.github.influence4j.cli;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.store.scores.ScoreReader;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What kronfluence computes, through the command. */
class CommandParityTest {

    private static final Map<String, String> DAMPINGS = Map.of("mean0.1", "0.1x", "abs1e-3", "1e-3");

    @TempDir
    private Path folder;

    static Stream<Arguments> cases() {
        return Stream.of("mlp", "tokens", "conv", "block")
                .flatMap(name -> Stream.of("identity", "diagonal", "kfac", "ekfac")
                        .map(strategy -> Arguments.of(name, strategy)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void scores(String name, String strategy) throws IOException, URISyntaxException {
        String factors = folder.resolve("factors").toString();
        assertEquals(
                0,
                run(
                        "fit",
                        "--captures",
                        path(name, "pseudo"),
                        "--out",
                        factors,
                        "--strategy",
                        strategy,
                        "--precision",
                        "float64"));
        for (Map.Entry<String, String> damping : DAMPINGS.entrySet()) {
            String prefix = strategy + "/" + damping.getKey() + "/";
            Path out = folder.resolve("scores");
            List<String> score = List.of(
                    "score",
                    "--factors",
                    factors,
                    "--train",
                    path(name, "train"),
                    "--queries",
                    path(name, "query"),
                    "--out",
                    out.toString(),
                    "--damping",
                    damping.getValue(),
                    "--per-layer");
            assertEquals(0, run(score.toArray(String[]::new)));
            check(name, prefix + "pairwise/", ScoreReader.pairwise(out));
            if (strategy.equals("ekfac")) {
                List<String> cut = new ArrayList<>(score);
                cut.addAll(List.of("--rank", "2"));
                assertEquals(0, run(cut.toArray(String[]::new)));
                check(name, prefix + "pairwise_rank2/", ScoreReader.pairwise(out));
            }
            if (!layers(name, prefix + "per_token/").isEmpty()) {
                List<String> tokens = new ArrayList<>(score);
                tokens.add("--per-token");
                assertEquals(0, run(tokens.toArray(String[]::new)));
                checkTokens(name, prefix + "per_token/", ScoreReader.pairwise(out));
            }
            assertEquals(
                    0,
                    run(
                            "self",
                            "--factors",
                            factors,
                            "--train",
                            path(name, "train"),
                            "--out",
                            out.toString(),
                            "--damping",
                            damping.getValue()));
            SelfInfluence self = ScoreReader.self(out);
            assertEquals(layers(name, prefix + "self/"), Set.copyOf(self.layers()));
            for (String layer : self.layers()) {
                double[] expected = expected(name, prefix + "self/" + layer);
                assertClose(expected, self.layer(layer), Tolerances.PARITY_FLOAT64, layer);
            }
        }
    }

    private static void check(String name, String prefix, InfluenceScores scores)
            throws IOException, URISyntaxException {
        assertEquals(layers(name, prefix), Set.copyOf(scores.layers()));
        for (String layer : scores.layers()) {
            Matrix actual = scores.layer(layer);
            Matrix expected = Matrix.of(expected(name, prefix + layer), actual.rows(), actual.columns());
            assertClose(expected, actual, Tolerances.PARITY_FLOAT64, prefix + layer);
        }
    }

    /** The command gives tokens as sums over layers. */
    private static void checkTokens(String name, String prefix, InfluenceScores scores)
            throws IOException, URISyntaxException {
        double[] expected = {};
        for (String layer : layers(name, prefix)) {
            double[] part = expected(name, prefix + layer);
            expected = expected.length == 0 ? new double[part.length] : expected;
            for (int k = 0; k < part.length; k++) {
                expected[k] += part[k];
            }
        }
        int queries = scores.queryIds().length;
        int train = scores.trainIds().length;
        int most = expected.length / (queries * train);
        double[] actual = new double[expected.length];
        for (int pair = 0; pair < queries * train; pair++) {
            double[] tokens = scores.tokens(pair / train, pair % train);
            System.arraycopy(tokens, 0, actual, pair * most, tokens.length);
        }
        assertClose(expected, actual, Tolerances.PARITY_FLOAT64, prefix);
    }

    /** The layers that kronfluence has results of. */
    private static Set<String> layers(String name, String prefix) throws IOException, URISyntaxException {
        try (SafetensorsFile file = SafetensorsFile.open(Path.of(path(name, "expected")))) {
            return file.names().stream()
                    .filter(tensor -> tensor.startsWith(prefix))
                    .map(tensor -> tensor.substring(prefix.length()))
                    .collect(Collectors.toSet());
        }
    }

    private static int run(String... arguments) {
        return Influence.run(arguments).exitCode();
    }

    private static String path(String name, String kind) throws URISyntaxException {
        String resource = "/parity/" + name + "/" + kind + ".safetensors";
        return Path.of(Objects.requireNonNull(CommandParityTest.class.getResource(resource), resource)
                        .toURI())
                .toString();
    }

    private static double[] expected(String name, String tensor) throws IOException, URISyntaxException {
        try (SafetensorsFile file = SafetensorsFile.open(Path.of(path(name, "expected")))) {
            double[] values = new double[(int) file.tensor(tensor).elements()];
            file.read(tensor, 0, values.length, values, 0);
            return values;
        }
    }
}
