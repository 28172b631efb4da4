package io.github.influence4j.examples.validation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Finished data sets of a run, each in a file of its own, so that a run that was killed does not do them again.
 *
 * @param folder holds the files
 * @param run what was run, in words; results of another run are not taken
 */
record FinishedBeds(Path folder, String run) {

    /** Changes whenever {@link BedResult} does. */
    private static final int FORMAT = 2;

    private record Stored(int format, String run, BedResult result) {}

    Optional<BedResult> read(Bed bed) throws IOException {
        Path file = file(bed);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        JsonNode stored = JsonMapper.shared().readTree(Files.readString(file));
        return stored.path("format").asInt(0) == FORMAT
                        && stored.path("run").asString("").equals(run)
                ? Optional.of(
                        JsonMapper.shared().treeToValue(stored, Stored.class).result())
                : Optional.empty();
    }

    void write(Bed bed, BedResult result) throws IOException {
        Path part = folder.resolve(file(bed).getFileName() + ".tmp");
        Files.writeString(part, JsonMapper.shared().writeValueAsString(new Stored(FORMAT, run, result)));
        Files.move(part, file(bed), StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    private Path file(Bed bed) {
        return folder.resolve("finished-" + bed.name().toLowerCase(Locale.ROOT).replace('_', '-') + ".json");
    }
}
