package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.cli.Influence.Ran;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What {@code influence inspect} says of files whose numbers are known. */
class InspectTest {

    @TempDir
    private Path folder;

    private Path capture() throws IOException {
        Path captures = Files.createDirectories(folder.resolve("captures"));
        LayerSpec layer = new LayerSpec("dense", 2, 1, true, Positions.NONE);
        Matrix a = Matrix.of(new double[] {1, -2, 3, 0.5}, 2, 2);
        Matrix g = Matrix.of(new double[] {0, 0}, 2, 1);
        CaptureWriter writer = new CaptureWriter(CaptureObjective.SAMPLED, Optional.empty(), TensorType.F64);
        for (int s = 0; s < 2; s++) {
            writer.write(
                    captures.resolve("shard" + s + ".safetensors"),
                    new long[] {2L * s, 2L * s + 1},
                    List.of(LayerCapture.of(layer, 2, 1, a, g)));
        }
        return captures;
    }

    @Test
    void rangesAndSuspiciousNumbersLayerByLayer() throws IOException {
        Ran ran = Influence.run("inspect", capture().toString(), "--json");
        assertEquals(0, ran.exitCode(), ran.err());
        JsonNode json = JsonMapper.builder().build().readTree(ran.out());
        assertEquals("captures", json.get("holds").asString());
        assertEquals("sampled", json.get("objective").asString());
        assertEquals(4, json.get("examples").asInt());
        assertEquals(2, json.get("shards").asInt());
        JsonNode dense = json.get("layers").get(1);
        assertEquals("dense", dense.get("layer").asString());
        JsonNode activations = dense.get("tensors").get(0);
        assertEquals("activations", activations.get("tensor").asString());
        assertEquals("[4,1,2]", activations.get("shape").toString());
        assertEquals(-2, activations.get("least").asDouble());
        assertEquals(3, activations.get("greatest").asDouble());
        // (1 + 4 + 9 + 1/4) · 2 over 8 numbers
        assertEquals(Math.sqrt(14.25 / 4), activations.get("root mean square").asDouble(), 1e-15);
        assertNull(activations.get("suspicious"), ran.out());
        JsonNode gradients = dense.get("tensors").get(1);
        assertEquals("all numbers are 0", gradients.get("suspicious").asString());
    }

    @Test
    void rankAndConditionOfFactorsInWords() throws IOException {
        Path factors = folder.resolve("factors");
        try (SafetensorsWriter file = SafetensorsWriter.create(
                Files.createDirectories(factors).resolve("activation_eigenvalues.safetensors"),
                List.of(TensorSpec.of("h", TensorType.F64, 4)),
                Map.of())) {
            file.append("h", new double[] {0.5, 2, 2, 2}, 0, 4);
            file.commit();
        }
        double entropy = -(0.5 / 6.5 * Math.log(0.5 / 6.5) + 3 * (2 / 6.5) * Math.log(2 / 6.5));
        Ran ran = Influence.run("inspect", factors.toString());
        assertEquals(0, ran.exitCode(), ran.err());
        assertTrue(ran.out().contains("effective rank " + TensorSummary.number(Math.exp(entropy))), ran.out());
        assertTrue(ran.out().contains("condition 4.000"), ran.out());
        assertTrue(ran.out().contains("not captures"), ran.out());
    }

    @Test
    void whatFactorsCannotHaveIsSuspicious() throws IOException {
        Path factors = Files.createDirectories(folder.resolve("odd"));
        write(factors.resolve("gradient_eigenvalues.safetensors"), new double[] {-0.1, 1}, 2);
        write(factors.resolve("gradient_eigenvectors.safetensors"), new double[] {1, 0, 0, 1.1}, 2, 2);
        write(factors.resolve("lambda_matrix.safetensors"), new double[] {Double.NaN, 1}, 1, 2);
        String out = Influence.run("inspect", factors.toString()).out();
        assertTrue(out.contains("eigenvalues down to -0.1000"), out);
        assertTrue(out.contains("length is off by 0.1000"), out);
        assertTrue(out.contains("1 of 2 numbers are NaN or infinite"), out);
    }

    /** Defect: the root mean square of numbers from 1e155 on was infinite, and that of small ones 0. */
    @Test
    void numbersWhoseSquaresAreOutOfRangeHaveARootMeanSquare() throws IOException {
        for (double number : new double[] {1e300, 1e-300, 1e200, 1e-170, 1}) {
            Path file = folder.resolve("wide.safetensors");
            write(file, new double[] {3 * number, -4 * number, 0, 0}, 4);
            JsonNode json = JsonMapper.builder()
                    .build()
                    .readTree(
                            Influence.run("inspect", file.toString(), "--json").out());
            double found = json.get("layers")
                    .get(0)
                    .get("tensors")
                    .get(0)
                    .get("root mean square")
                    .asDouble();
            assertEquals(2.5, found / number, 1e-14);
        }
    }

    /** Defect: one tensor of float8 had the whole file refused. */
    @Test
    void numbersOfOtherTypesAreSaidNotToBeLookedAt() throws IOException {
        String header = "{\"weight\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                + "\"packed\":{\"dtype\":\"F4\",\"shape\":[4,2],\"data_offsets\":[8,12]}}";
        ByteBuffer bytes = ByteBuffer.allocate(8 + header.length() + 12).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(header.length())
                .put(header.getBytes(StandardCharsets.US_ASCII))
                .putFloat(1)
                .putFloat(-1);
        Path file = Files.write(folder.resolve("model.safetensors"), bytes.array());
        Ran ran = Influence.run("inspect", file.toString());
        assertEquals(0, ran.exitCode(), ran.err());
        assertTrue(ran.out().contains("F4 [4, 2], not looked at 8"), ran.out());
        assertTrue(ran.out().contains("F32 [2], least -1.000, greatest 1.000"), ran.out());
    }

    /** Defect: a snapshot in Hugging Face's cache, a folder of links, was refused. */
    @Test
    void foldersOfLinksAreFollowed() throws IOException {
        Path blob = Files.createDirectories(folder.resolve("blobs")).resolve("5891b5b522");
        write(blob, new double[] {1, 2}, 2);
        Path snapshot = Files.createDirectories(folder.resolve("snapshots/f00d"));
        Files.createSymbolicLink(snapshot.resolve("model.safetensors"), snapshot.relativize(blob));
        Ran ran = Influence.run("inspect", snapshot.toString());
        assertEquals(0, ran.exitCode(), ran.err());
        assertTrue(ran.out().contains("F64 [2], least 1.000, greatest 2.000"), ran.out());
    }

    private static void write(Path path, double[] numbers, long... shape) throws IOException {
        try (SafetensorsWriter file =
                SafetensorsWriter.create(path, List.of(TensorSpec.of("h", TensorType.F64, shape)), Map.of())) {
            file.append("h", numbers, 0, numbers.length);
            file.commit();
        }
    }
}
