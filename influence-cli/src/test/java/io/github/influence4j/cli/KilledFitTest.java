package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureWriter;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A fit in a process of its own that is killed, and taken up again. */
class KilledFitTest {

    private static final int SHARDS = 6;

    @TempDir
    private Path folder;

    @BeforeEach
    void writeCaptures() throws IOException {
        LayerSpec layer = new LayerSpec("dense", 30, 20, true, Positions.NONE);
        SplittableRandom random = new SplittableRandom(3);
        Files.createDirectories(folder.resolve("captures"));
        CaptureWriter writer = new CaptureWriter(CaptureObjective.SAMPLED, Optional.empty(), TensorType.F64);
        for (int s = 0; s < SHARDS; s++) {
            long[] ids = new long[50];
            for (int k = 0; k < ids.length; k++) {
                ids[k] = 50L * s + k;
            }
            Matrix a = Matrix.of(random.doubles(50 * 30, -1, 1).toArray(), 50, 30);
            Matrix g = Matrix.of(random.doubles(50 * 20, -1, 1).toArray(), 50, 20);
            writer.write(
                    folder.resolve("captures/shard-" + s + ".safetensors"),
                    ids,
                    List.of(LayerCapture.of(layer, 50, 1, a, g)));
        }
    }

    @Test
    void isTakenUpWithTheSameNumbersAndRefusedWithOtherOptions() throws IOException, InterruptedException {
        assertEquals(0, InfluenceCommand.commandLine().execute(arguments("whole")));
        killAfter("covariances 2 of", "killed");
        assertEquals(5, InfluenceCommand.commandLine().execute(arguments("killed")));
        assertEquals(5, InfluenceCommand.commandLine().execute(arguments("killed", "--resume", "--blocks", "2")));
        killAfter("eigenvalues 3 of", "killed");
        assertEquals(0, InfluenceCommand.commandLine().execute(arguments("killed", "--resume")));
        for (String file : List.of("activation_eigenvectors", "gradient_eigenvalues", "lambda_matrix")) {
            String name = file + ".safetensors";
            assertArrayEquals(
                    Files.readAllBytes(folder.resolve("whole").resolve(name)),
                    Files.readAllBytes(folder.resolve("killed").resolve(name)),
                    name);
        }
        assertFalse(Files.exists(folder.resolve("killed/.progress")));
        assertEquals(0, InfluenceCommand.commandLine().execute(arguments("killed", "--resume")));
    }

    private String[] arguments(String out, String... more) {
        List<String> all = new ArrayList<>(List.of(
                "fit",
                "--captures",
                folder.resolve("captures").toString(),
                "--out",
                folder.resolve(out).toString()));
        all.addAll(List.of("--backend", "ejml", "--precision", "float64"));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    private void killAfter(String line, String out) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                InfluenceCommand.class.getName()));
        command.addAll(List.of(arguments(out, "--resume")));
        Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
        List<String> lines = new ArrayList<>();
        try (BufferedReader reader = child.inputReader(StandardCharsets.UTF_8)) {
            String next = reader.readLine();
            while (next != null && !next.startsWith(line)) {
                lines.add(next);
                next = reader.readLine();
            }
            assertEquals(true, next != null, () -> "ended before: " + lines);
            child.destroyForcibly().waitFor();
        }
    }
}
