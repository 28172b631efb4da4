package io.github.influence4j.decoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DecoderCheckpointTest {

    @TempDir
    private Path folder = Path.of("");

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);

    @ParameterizedTest
    @MethodSource("io.github.influence4j.decoder.Sequences#plainShapes")
    void comesBackAsItWas(DecoderShape shape) throws IOException {
        Path file = folder.resolve("model.safetensors");
        try (Decoder model = Sequences.random(backend, shape, 1)) {
            DecoderCheckpoint.write(model, file);
            try (Decoder back = DecoderCheckpoint.read(file, backend);
                    Decoder expected = DecoderCheckpoint.read(file, shape, backend)) {
                assertEquals(shape, back.shape());
                assertArrayEquals(model.parameters(), back.parameters());
                assertEquals(model.fingerprint(), expected.fingerprint());
            }
            try (Decoder rounded = DecoderCheckpoint.read(file, MatrixBackends.named("openblas", Precision.FLOAT32))) {
                MatrixAssert.assertClose(
                        model.parameters(), rounded.parameters(), Tolerances.REORDERED_FLOAT32, "float32");
            }
        }
    }

    @Test
    void anotherShapeIsRefused() throws IOException {
        DecoderShape shape = DecoderShape.of(5, 6, 1, 4, 2);
        Path file = folder.resolve("model.safetensors");
        try (Decoder model = Decoder.create(backend, shape, 1)) {
            DecoderCheckpoint.write(model, file);
        }
        String message = assertThrows(
                        MalformedFileException.class,
                        () -> DecoderCheckpoint.read(file, DecoderShape.of(5, 6, 1, 8, 2), backend))
                .toString();
        assertTrue(
                message.contains("another shape") && message.contains("width=8") && message.contains("width=4"),
                message);
    }

    @Test
    void whatDoesNotFitIsRefused() throws IOException {
        refused("no metadata format", (metadata, tensors) -> metadata.remove("format"));
        refused("expected version 1", (metadata, tensors) -> metadata.put("version", "2"));
        refused("blocks must be a number, found \"two\"", (metadata, tensors) -> metadata.put("blocks", "two"));
        refused("width must be from 1", (metadata, tensors) -> metadata.put("width", "-4"));
        refused("an impossible form", (metadata, tensors) -> metadata.put("heads", "3"));
        refused("an impossible form", (metadata, tensors) -> metadata.put("activation", "SINE"));
        refused("an impossible form", (metadata, tensors) -> {
            metadata.put("vocabulary", "16000000");
            metadata.put("width", "16000000");
        });
        refused("no tensor blocks.1", (metadata, tensors) -> metadata.put("blocks", "2"));
        refused(
                "no tensor norm",
                (metadata, tensors) -> tensors.removeIf(t -> t.name().equals("norm")));
        refused("expected", (metadata, tensors) -> {
            tensors.removeIf(t -> t.name().equals("norm"));
            tensors.add(TensorSpec.of("norm", TensorType.F32, 1, 5));
        });
        refused("is NaN", (metadata, tensors) -> {});
    }

    /** A file with a NaN in every place, of which a part is then broken. */
    private void refused(String problem, BiConsumer<Map<String, String>, List<TensorSpec>> breakIt) throws IOException {
        DecoderShape shape = DecoderShape.of(5, 6, 1, 4, 2);
        Path whole = folder.resolve("whole.safetensors");
        Map<String, String> metadata;
        List<TensorSpec> tensors = new ArrayList<>();
        try (Decoder model = Decoder.create(backend, shape, 1)) {
            DecoderCheckpoint.write(model, whole);
        }
        try (SafetensorsFile source = SafetensorsFile.open(whole)) {
            metadata = new HashMap<>(source.metadata());
            for (String name : source.names()) {
                tensors.add(source.tensor(name));
            }
        }
        breakIt.accept(metadata, tensors);
        Path broken = folder.resolve("broken.safetensors");
        try (SafetensorsWriter writer = SafetensorsWriter.create(broken, tensors, metadata)) {
            for (TensorSpec tensor : tensors) {
                double[] values = new double[(int) tensor.elements()];
                java.util.Arrays.fill(values, Double.NaN);
                writer.append(tensor.name(), values, 0, values.length);
            }
            writer.commit();
        }
        String message = assertThrows(MalformedFileException.class, () -> DecoderCheckpoint.read(broken, backend))
                .toString();
        assertTrue(message.contains(problem), () -> "no '" + problem + "' in " + message);
    }

    @ParameterizedTest
    @MethodSource("io.github.influence4j.decoder.Sequences#publishedShapes")
    void publishedWeightsComeBackByName(DecoderShape shape) {
        Map<String, Matrix> tensors = new HashMap<>();
        try (Decoder model = Sequences.random(backend, shape, 1)) {
            model.publish((name, vector, numbers) -> {
                assertTrue(!vector || numbers.rows() == 1, name);
                tensors.put(name, Matrix.of(numbers.toArray()));
            });
            try (Decoder back = Decoder.open(backend, shape, (name, rows, columns) -> {
                Matrix tensor = Objects.requireNonNull(tensors.get(name), name);
                assertEquals(List.of(rows, columns), List.of(tensor.rows(), tensor.columns()), name);
                return tensor;
            })) {
                assertArrayEquals(model.parameters(), back.parameters());
            }
            IllegalArgumentException refused = assertThrows(
                    IllegalArgumentException.class,
                    () -> DecoderCheckpoint.write(model, folder.resolve("model.safetensors")));
            assertTrue(refused.toString().contains("plain form"), refused::toString);
        }
    }

    @Test
    void weightsThatAreNotFiniteAreNamed() {
        DecoderShape shape = Sequences.publishedShapes().findFirst().orElseThrow();
        NumericalException refused = assertThrows(
                NumericalException.class,
                () -> Decoder.open(backend, shape, (name, rows, columns) -> {
                    double[][] numbers = new double[rows][columns];
                    numbers[rows - 1][0] = name.endsWith("0.mlp.up_proj.weight") ? Double.NaN : 1;
                    return Matrix.of(numbers);
                }));
        assertTrue(refused.toString().contains("model.layers.0.mlp.up_proj.weight"), refused::toString);
    }
}
