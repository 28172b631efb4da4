package io.github.influence4j.spark;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.safetensors.AtomicFile;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.store.internal.KeptMatrices;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A folder on the file system that all machines share, where executors put what a run has finished: matrices by name, a file a piece.
 *
 * @param path the folder
 * @param token what the driver wrote into it, by which an executor knows that it sees the same folder
 */
record WorkFolder(String path, String token) implements Serializable {

    private static final String TOKEN = "run";
    private static final String FINISHED = "finished";

    /** Without the token, which goes with the first, an attempt writes one more file at most. */
    private static final int MOST_ATTEMPTS = 100;

    /** Makes an empty folder, in the place of what a killed driver left. */
    static WorkFolder create(Path folder) throws IOException {
        WorkFolder made = new WorkFolder(
                folder.toAbsolutePath().toString(), UUID.randomUUID().toString());
        made.delete();
        Files.createDirectories(folder);
        AtomicFile.write(folder.resolve(TOKEN), made.token().getBytes(StandardCharsets.UTF_8));
        return made;
    }

    private Path file(String piece) {
        return Path.of(path).resolve(piece + ".safetensors");
    }

    /** Refuses a machine that does not see what the driver wrote. */
    void requireSeen() throws IOException {
        Path file = Path.of(path).resolve(TOKEN);
        if (!Files.exists(file) || !Files.readString(file).equals(token)) {
            throw ExecutorJvm.notHere("results", path, new IOException("no file " + file + " of this run"));
        }
    }

    /** Says whether an attempt of the run's last task has written everything. */
    boolean isFinished() throws IOException {
        requireSeen();
        return Files.exists(Path.of(path).resolve(FINISHED));
    }

    /** Says that everything is written. */
    void finish() throws IOException {
        AtomicFile.write(Path.of(path).resolve(FINISHED), token.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes a piece, which is there when it is whole. Whoever writes it again writes the same. */
    void write(String piece, Map<String, Matrix> matrices) throws IOException {
        requireSeen();
        try (SafetensorsWriter file = SafetensorsWriter.create(file(piece), KeptMatrices.specs(matrices), Map.of())) {
            KeptMatrices.write(file, matrices);
            file.sync();
            file.commit();
        }
    }

    /** Opens a piece, which the caller closes. */
    SafetensorsFile open(String piece) throws IOException {
        return ExecutorJvm.reading("piece " + piece, () -> SafetensorsFile.open(file(piece)));
    }

    /** Removes the folder; an attempt that Spark has given up may still be writing to it. */
    void delete() throws IOException {
        for (int attempt = 1; Files.exists(Path.of(path)); attempt++) {
            try {
                deleteAll();
            } catch (DirectoryNotEmptyException | NoSuchFileException e) {
                if (attempt == MOST_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private void deleteAll() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of(path))) {
            List<Path> inward = files.sorted(Comparator.reverseOrder()).toList();
            for (Path file : inward) {
                Files.deleteIfExists(file);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
