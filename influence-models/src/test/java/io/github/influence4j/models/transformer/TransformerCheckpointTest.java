package io.github.influence4j.models.transformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TransformerCheckpointTest {

    @TempDir
    private Path folder = Path.of("");

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);

    @ParameterizedTest
    @MethodSource("io.github.influence4j.models.transformer.Sequences#shapes")
    void comesBackAsItWas(TransformerShape shape) throws IOException {
        Path file = folder.resolve("model.safetensors");
        try (Transformer model = Sequences.random(backend, shape, 1)) {
            TransformerCheckpoint.write(model, file);
            try (Transformer back = TransformerCheckpoint.read(file, backend);
                    Transformer expected = TransformerCheckpoint.read(file, shape, backend)) {
                assertEquals(shape, back.shape());
                assertArrayEquals(model.parameters(), back.parameters());
                assertEquals(model.fingerprint(), expected.fingerprint());
            }
            try (Transformer rounded =
                    TransformerCheckpoint.read(file, MatrixBackends.named("openblas", Precision.FLOAT32))) {
                MatrixAssert.assertClose(
                        model.parameters(), rounded.parameters(), Tolerances.REORDERED_FLOAT32, "float32");
            }
        }
    }

    @Test
    void anotherShapeIsRefused() throws IOException {
        TransformerShape shape = TransformerShape.of(5, 6, 1, 4, 2);
        Path file = folder.resolve("model.safetensors");
        try (Transformer model = Transformer.create(backend, shape, 1)) {
            TransformerCheckpoint.write(model, file);
        }
        String message = assertThrows(
                        MalformedFileException.class,
                        () -> TransformerCheckpoint.read(file, TransformerShape.of(5, 6, 1, 8, 2), backend))
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
        TransformerShape shape = TransformerShape.of(5, 6, 1, 4, 2);
        Path whole = folder.resolve("whole.safetensors");
        Map<String, String> metadata;
        List<TensorSpec> tensors = new ArrayList<>();
        try (Transformer model = Transformer.create(backend, shape, 1)) {
            TransformerCheckpoint.write(model, whole);
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
        String message = assertThrows(MalformedFileException.class, () -> TransformerCheckpoint.read(broken, backend))
                .toString();
        assertTrue(message.contains(problem), () -> "no '" + problem + "' in " + message);
    }
}
