package io.github.influence4j.lm.checkpoint;

import io.github.influence4j.api.Precision;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.FolderLock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a model as a checkpoint that transformers loads: the weights as {@code model.safetensors} in the family's names, with the
 * configuration and the tokeniser of the checkpoint that it came from.
 */
public final class CheckpointWriter implements AutoCloseable {

    private final Path folder;
    private final Checkpoint source;
    private final FolderLock lock;

    private CheckpointWriter(Path folder, Checkpoint source, FolderLock lock) {
        this.folder = folder;
        this.source = source;
        this.lock = lock;
    }

    /**
     * Claims a folder.
     *
     * @param folder where to; made if there is none
     * @param source the checkpoint that the model came from, a folder
     * @return the writer, which the caller closes
     * @throws IOException if the folder cannot be made
     * @throws IllegalArgumentException if the source is a GGUF file, whose configuration transformers does not read, or the folder
     *     holds a model already
     * @throws IllegalStateException if somebody else is writing to the folder
     */
    public static CheckpointWriter to(Path folder, Checkpoint source) throws IOException {
        if (!Files.isDirectory(source.path())) {
            throw new MalformedFileException(
                    source.path(),
                    "is a GGUF file, which has no config.json to go with new weights; open the model's folder");
        }
        FolderLock lock = FolderLock.acquire(folder);
        try {
            if (Files.exists(folder.resolve("config.json")) || Files.exists(folder.resolve("model.safetensors"))) {
                throw new IllegalArgumentException(folder + " holds a model already; give a folder of its own");
            }
            return new CheckpointWriter(folder, source, lock);
        } catch (RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /**
     * Writes a model. The configuration comes last, so that an unfinished folder is none that opens.
     *
     * @param model of the source's form
     * @throws IOException if a file cannot be written
     */
    public void write(Decoder model) throws IOException {
        lock.requireHeld();
        TensorType type = model.backend().precision() == Precision.FLOAT32 ? TensorType.F32 : TensorType.F64;
        List<TensorSpec> specs = new ArrayList<>();
        model.publish((name, vector, numbers) -> specs.add(
                vector
                        ? TensorSpec.of(name, type, numbers.columns())
                        : TensorSpec.of(name, type, numbers.rows(), numbers.columns())));
        try (SafetensorsWriter writer =
                SafetensorsWriter.create(folder.resolve("model.safetensors"), specs, Map.of("format", "pt"))) {
            model.publish((name, vector, numbers) -> {
                try {
                    writer.append(name, numbers);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            writer.commit();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        copyTokenizer();
        writeConfiguration(type == TensorType.F32 ? "float32" : "float64");
    }

    private void copyTokenizer() throws IOException {
        try (Stream<Path> files = Files.list(source.path())) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                boolean text =
                        name.matches("(token|special|vocab|merges|added|chat|generation).*\\.(json|txt|jinja|model)");
                if (text && Files.isRegularFile(file)) {
                    Files.copy(file.toRealPath(), folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
    }

    /** The numbers may be of another type than those of the source. */
    private void writeConfiguration(String type) throws IOException {
        JsonMapper mapper =
                JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
        JsonNode json = mapper.readTree(Files.readString(source.path().resolve("config.json")));
        ObjectNode object = (ObjectNode) json;
        object.put(object.has("torch_dtype") && !object.has("dtype") ? "torch_dtype" : "dtype", type);
        Path unfinished = folder.resolve(".config.json");
        Files.writeString(unfinished, mapper.writeValueAsString(object));
        Files.move(unfinished, folder.resolve("config.json"), StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
