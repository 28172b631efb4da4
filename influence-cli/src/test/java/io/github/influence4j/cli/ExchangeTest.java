package io.github.influence4j.cli;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.cli.Influence.Ran;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code influence import} and {@code influence export}, with files that the other programs wrote. */
class ExchangeTest {

    private static final Path KRONFLUENCE = Path.of("../influence-store/src/test/resources/kronfluence");

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path folder;

    private Ran take(Path factors, String... more) {
        List<String> command = new java.util.ArrayList<>(List.of(
                "import",
                "--from",
                "kronfluence",
                factors.toString(),
                "--out",
                folder.resolve("factors").toString()));
        command.addAll(List.of(more));
        return Influence.run(command);
    }

    private static String captures(String name) {
        return KRONFLUENCE.resolve(name + ".safetensors").toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bf16", "both"})
    void whatIsTakenOverGivesTheOtherProgramsScores(String kind) throws IOException {
        Ran taken = take(
                KRONFLUENCE.resolve("kinds/" + kind),
                "--captures",
                captures("training"),
                "--precision",
                "float64",
                "--json");
        assertEquals(0, taken.exitCode(), taken.err());
        assertTrue(taken.out().contains("\"examples\" : 24"), taken.out());
        checkScores("factors", kind);

        Ran given = Influence.runIn(folder, "export --to kronfluence --factors @factors --out @factors_given");
        assertEquals(0, given.exitCode(), given.err());
        Files.delete(folder.resolve("factors_given/manifest.json"));
        assertEquals(
                0,
                take(folder.resolve("factors_given"), "--captures", captures("training"))
                        .exitCode());
        checkScores("factors", kind);
    }

    @Test
    void bergsonsFactorsAreTakenOver() throws IOException {
        Path bergson = Path.of("../influence-store/src/test/resources/bergson");
        Ran taken = Influence.run(
                "import",
                "--from",
                "bergson",
                bergson.resolve("shards").toString(),
                "--captures",
                bergson.resolve("training.safetensors").toString(),
                "--out",
                folder.resolve("factors").toString());
        assertEquals(0, taken.exitCode(), taken.err());
        assertTrue(taken.out().contains("strategy: EKFAC"), taken.out());
        assertTrue(taken.out().contains("layers: 2"), taken.out());
    }

    private void checkScores(String factors, String kind) throws IOException {
        Ran scored = Influence.run(
                "score",
                "--factors",
                folder.resolve(factors).toString(),
                "--train",
                captures("training"),
                "--queries",
                captures("measurement"),
                "--per-layer",
                "--precision",
                "float64",
                "--out",
                folder.resolve("scores").toString());
        assertEquals(0, scored.exitCode(), scored.err());
        try (SafetensorsFile expected =
                        SafetensorsFile.open(KRONFLUENCE.resolve("kinds/" + kind + "/scores.safetensors"));
                SafetensorsFile found =
                        SafetensorsFile.open(folder.resolve("scores").resolve("pairwise_scores.safetensors"))) {
            for (String layer : expected.names()) {
                assertClose(expected.matrix(layer), found.matrix(layer), Tolerances.PARITY_FLOAT64, layer);
            }
        }
    }

    @Test
    void whatCannotBeTakenOverIsRefused() throws IOException {
        assertEquals(2, take(KRONFLUENCE.resolve("kinds/f32")).exitCode());
        Ran noFactors = take(KRONFLUENCE, "--captures", captures("training"));
        assertEquals(3, noFactors.exitCode(), noFactors.err());
        assertTrue(noFactors.err().contains("give one of the folders in it, such as \"factors_"), noFactors.err());
        Path captures = RandomShards.write(
                folder.resolve("others"), io.github.influence4j.store.captures.CaptureObjective.TRAINING);
        Ran others = take(KRONFLUENCE.resolve("kinds/f32"), "--captures", captures.toString());
        assertEquals(3, others.exitCode(), others.err());
        assertTrue(others.err().contains("holds no factors of layer \"dense\""), others.err());
    }
}
