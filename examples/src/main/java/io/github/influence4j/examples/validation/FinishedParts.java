package io.github.influence4j.examples.validation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Finished parts of a study, each in a file of its own, so that a run that was killed does not do them again.
 *
 * @param <T> what a part found
 * @param folder holds the files; made when there is something to write
 * @param run what was run, in words; results of another run are not taken
 * @param format changes whenever the type does
 * @param type of a part
 */
record FinishedParts<T>(Path folder, String run, int format, Class<T> type) {

    private static final JsonMapper JSON = JsonMapper.shared();

    private record Stored(int format, String run, JsonNode result) {}

    /** Work that gives a part. */
    interface Work<T> {
        T run() throws IOException;
    }

    /** Reads a part, or does its work and keeps it. */
    T readOr(String part, Work<T> work) throws IOException {
        Optional<T> before = read(part);
        if (before.isPresent()) {
            return before.get();
        }
        T result = work.run();
        write(part, result);
        return result;
    }

    private Optional<T> read(String part) throws IOException {
        Path file = file(part);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        JsonNode stored = JSON.readTree(Files.readString(file));
        return stored.path("format").asInt(0) == format
                        && stored.path("run").asString("").equals(run)
                ? Optional.of(JSON.treeToValue(stored.path("result"), type))
                : Optional.empty();
    }

    private void write(String part, T result) throws IOException {
        Files.createDirectories(folder);
        Path unfinished = folder.resolve(file(part).getFileName() + ".tmp");
        Files.writeString(unfinished, JSON.writeValueAsString(new Stored(format, run, JSON.valueToTree(result))));
        Files.move(unfinished, file(part), StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    private Path file(String part) {
        return folder.resolve("finished-" + part + ".json");
    }
}
