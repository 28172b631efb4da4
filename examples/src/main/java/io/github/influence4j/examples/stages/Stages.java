package io.github.influence4j.examples.stages;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.function.Supplier;
import tools.jackson.databind.json.JsonMapper;

/**
 * Keeps the result of every stage in a file, so that a study that was stopped goes on where it was. The options are kept too:
 * a folder belongs to one study.
 */
public final class Stages {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Path folder;

    /**
     * Opens a folder.
     *
     * @param folder where the results are kept; made if there is none
     * @param study what the results depend on, as a record
     * @throws IllegalArgumentException if the folder holds stages of another study
     */
    public Stages(Path folder, Object study) {
        this.folder = folder;
        try {
            Files.createDirectories(folder);
            Path file = folder.resolve("study.json");
            String own = JSON.writeValueAsString(study);
            if (Files.exists(file) && !Files.readString(file).equals(own)) {
                throw new IllegalArgumentException(folder + " holds another study, " + Files.readString(file)
                        + ", and this one is " + own + ": choose another folder");
            }
            write(file, own);
        } catch (IOException e) {
            throw new UncheckedIOException(folder.toString(), e);
        }
    }

    private boolean has(String name) {
        return Files.exists(file(name));
    }

    /**
     * Returns the result of a stage: from its file, or computed and kept.
     *
     * @param <T> a record, or an array of numbers
     * @param name names the file
     * @param type what is read from it
     * @param stage computes the result
     * @return the result
     */
    public <T> T of(String name, Class<T> type, Supplier<T> stage) {
        try {
            if (has(name)) {
                return JSON.readValue(Files.readString(file(name)), type);
            }
            T result = stage.get();
            write(file(name), JSON.writeValueAsString(result));
            return result;
        } catch (IOException e) {
            throw new UncheckedIOException(file(name).toString(), e);
        }
    }

    private Path file(String name) {
        return folder.resolve(name + ".json");
    }

    private static void write(Path file, String text) throws IOException {
        Path pending = file.resolveSibling(file.getFileName() + ".pending");
        Files.writeString(pending, text);
        Files.move(pending, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
