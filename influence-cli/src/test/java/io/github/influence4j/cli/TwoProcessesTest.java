package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.cli.Influence.Ran;
import io.github.influence4j.store.captures.CaptureObjective;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A folder that another process writes to. */
class TwoProcessesTest {

    @TempDir
    private Path folder;

    @Test
    void isRefusedUntilTheOtherEnds() throws IOException, InterruptedException {
        String captures = RandomShards.write(folder.resolve("sampled"), CaptureObjective.SAMPLED)
                .toString();
        String train = RandomShards.write(folder.resolve("train"), CaptureObjective.TRAINING)
                .toString();
        String out = folder.resolve("out").toString();
        String factors = folder.resolve("factors").toString();
        assertEquals(
                0,
                Influence.run(
                                "fit",
                                "--captures",
                                captures,
                                "--out",
                                factors,
                                "--backend",
                                "ejml",
                                "--precision",
                                "float64")
                        .exitCode());
        List<String> fit =
                List.of("fit", "--captures", captures, "--out", out, "--backend", "ejml", "--precision", "float64");
        List<String> self = List.of("self", "--factors", factors, "--train", train, "--out", out, "--backend", "ejml");
        Process other = Influence.start(FolderHolder.class, List.of(out));
        try (BufferedReader reader = other.inputReader(StandardCharsets.UTF_8)) {
            assertEquals("held", reader.readLine());
            for (List<String> arguments : List.of(fit, self)) {
                Ran refused = Influence.run(arguments);
                assertEquals(5, refused.exitCode(), refused.err());
                assertTrue(refused.err().contains("another process is writing to"), refused.err());
                assertEquals(1, refused.lines().size(), refused.err());
            }
        } finally {
            other.destroyForcibly().waitFor();
        }
        assertEquals(0, Influence.run(fit).exitCode());
    }
}
