package io.github.influence4j.lm.checkpoint;

import io.github.influence4j.api.Precision;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.safetensors.AtomicFile;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.FolderLock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a model as a checkpoint that transformers loads: the weights as {@code model.safetensors} in the family's names, with the
 * configuration and the tokeniser of the checkpoint that it came from.
 */
public final class CheckpointWriter implements AutoCloseable {

    /** In one order, so that the same model gives the same bytes. */
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT, SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .build();

    private static final String WEIGHTS = "model.safetensors";
    private static final String CONFIGURATION = "config.json";

    /** The configuration until all else is written; where it is, the weights beside it are those of a run that was ended. */
    private static final String UNFINISHED = ".config.json";

    private final Path folder;
    private final Checkpoint source;
    private final FolderLock lock;

    private CheckpointWriter(Path folder, Checkpoint source, FolderLock lock) {
        this.folder = folder;
        this.source = source;
        this.lock = lock;
    }

    /**
     * Claims a folder. What a process that was ended while it wrote a model has left there is replaced.
     *
     * @param folder where to; made if there is none
     * @param source the checkpoint that the model came from
     * @return the writer, which the caller closes
     * @throws IOException if the folder cannot be made
     * @throws IllegalArgumentException if the folder holds a model already
     * @throws IllegalStateException if somebody else is writing to the folder
     */
    public static CheckpointWriter to(Path folder, Checkpoint source) throws IOException {
        FolderLock lock = FolderLock.acquire(folder);
        try {
            return to(folder, source, lock);
        } catch (RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** Claims a folder that the caller has locked. */
    static CheckpointWriter to(Path folder, Checkpoint source, FolderLock lock) {
        boolean unfinished = Files.exists(folder.resolve(UNFINISHED));
        if (isComplete(folder) || (Files.exists(folder.resolve(WEIGHTS)) && !unfinished)) {
            throw new IllegalArgumentException(folder + " holds a model already; give a folder of its own");
        }
        return new CheckpointWriter(folder, source, lock);
    }

    /** Whether a folder holds a model. */
    static boolean isComplete(Path folder) {
        return Files.exists(folder.resolve(CONFIGURATION));
    }

    /**
     * Writes a model. The configuration gets its name last, so that an unfinished folder is none that opens.
     *
     * @param model of the source's form
     * @throws IOException if a file cannot be written
     */
    public void write(Decoder model) throws IOException {
        lock.requireHeld();
        TensorType type = model.backend().precision() == Precision.FLOAT32 ? TensorType.F32 : TensorType.F64;
        writeConfiguration(type == TensorType.F32 ? "float32" : "float64");
        List<TensorSpec> specs = new ArrayList<>();
        model.publish((name, vector, numbers) -> specs.add(
                vector
                        ? TensorSpec.of(name, type, numbers.columns())
                        : TensorSpec.of(name, type, numbers.rows(), numbers.columns())));
        try (SafetensorsWriter writer =
                SafetensorsWriter.create(folder.resolve(WEIGHTS), specs, Map.of("format", "pt"))) {
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
        Files.move(folder.resolve(UNFINISHED), folder.resolve(CONFIGURATION), StandardCopyOption.ATOMIC_MOVE);
    }

    private void copyTokenizer() throws IOException {
        if (source.gguf().isPresent()) {
            for (Map.Entry<String, Map<String, Object>> file :
                    GgufTokenizer.files(source.gguf().get()).entrySet()) {
                writeJson(file.getKey(), file.getValue());
            }
            return;
        }
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
        if (source.gguf().isPresent()) {
            Map<String, Object> config = GgufFolder.configuration(source.gguf().get(), source.shape());
            config.put("torch_dtype", type);
            writeJson(UNFINISHED, config);
            return;
        }
        ObjectNode object =
                (ObjectNode) MAPPER.readTree(Files.readString(source.path().resolve(CONFIGURATION)));
        object.put(object.has("torch_dtype") && !object.has("dtype") ? "torch_dtype" : "dtype", type);
        writeJson(UNFINISHED, object);
    }

    private void writeJson(String name, Object content) throws IOException {
        AtomicFile.write(
                folder.resolve(name), MAPPER.writeValueAsString(content).getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
