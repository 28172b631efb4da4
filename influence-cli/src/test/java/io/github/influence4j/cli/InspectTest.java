package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What {@code influence inspect} says of files whose numbers are known. */
class InspectTest {

    @TempDir
    private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        CommandLine command = InfluenceCommand.commandLine();
        command.setOut(new PrintWriter(out));
        command.setErr(new PrintWriter(err));
        return command.execute(arguments);
    }

    private Path capture() throws IOException {
        Path captures = Files.createDirectories(folder.resolve("captures"));
        LayerSpec layer = new LayerSpec("dense", 2, 1, true, Positions.NONE);
        Matrix a = Matrix.of(new double[] {1, -2, 3, 0.5}, 2, 2);
        Matrix g = Matrix.of(new double[] {0, 0}, 2, 1);
        new CaptureWriter(CaptureObjective.SAMPLED, Optional.empty(), TensorType.F64)
                .write(
                        captures.resolve("shard.safetensors"),
                        new long[] {4, 5},
                        List.of(LayerCapture.of(layer, 2, 1, a, g)));
        return captures;
    }

    @Test
    void rangesAndSuspiciousNumbersOfAFolder() throws IOException {
        assertEquals(0, run("inspect", capture().toString(), "--json"), err::toString);
        JsonNode tensors = JsonMapper.builder().build().readTree(out.toString()).get("tensors");
        boolean activations = false;
        boolean gradients = false;
        for (JsonNode tensor : tensors) {
            if (tensor.get("tensor").asString().equals("dense/activations")) {
                assertEquals(-2, tensor.get("least").asDouble());
                assertEquals(3, tensor.get("greatest").asDouble());
                assertTrue(tensor.get("suspicious") == null, tensor.toString());
                activations = true;
            } else if (tensor.get("tensor").asString().equals("dense/output_gradients")) {
                assertEquals("all numbers are 0", tensor.get("suspicious").asString());
                gradients = true;
            }
        }
        assertTrue(activations && gradients, tensors.toString());
    }

    @Test
    void effectiveRankOfFactorsInWords() throws IOException {
        Path captures = capture();
        String factors = folder.resolve("factors").toString();
        assertEquals(
                0,
                run(
                        "fit",
                        "--captures",
                        captures.toString(),
                        "--out",
                        factors,
                        "--backend",
                        "ejml",
                        "--precision",
                        "float64"),
                err::toString);
        assertEquals(0, run("inspect", factors), err::toString);
        assertTrue(out.toString().contains("effective rank"), out::toString);
        String one = captures.resolve("shard.safetensors").toString();
        assertEquals(0, run("inspect", one), err::toString);
    }

    @Test
    void whatIsNotThereIsOneLine() {
        assertTrue(run("inspect", folder.resolve("nothing").toString()) > 0);
        assertEquals(1, err.toString().strip().lines().count(), err::toString);
        assertTrue(run("inspect", folder.resolve("nothing").toString(), "--verbose") > 0);
        assertTrue(err.toString().lines().count() > 3, err::toString);
    }
}
