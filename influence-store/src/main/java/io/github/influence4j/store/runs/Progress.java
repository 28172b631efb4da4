package io.github.influence4j.store.runs;

import io.github.influence4j.api.Provenance;
import io.github.influence4j.safetensors.AtomicFile;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.ShardFolder;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.store.Checksum;
import io.github.influence4j.store.FolderLock;
import io.github.influence4j.store.json.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;

/**
 * How far a run has come, in the folder {@code .progress} of its results.
 *
 * <p>A unit's numbers are on the medium before {@code progress.json} names them, and what that file does not name does not
 * count. For one thread, which holds the folder's lock.
 */
final class Progress {

    private static final String FOLDER = ".progress";
    private static final String FILE = "progress.json";
    private static final String FORMAT = "influence-progress";
    private static final JsonMapper JSON = new JsonMapper();

    /** The state of a series of units: how many are finished, and the file that holds their numbers. */
    record Finished(int units, String file, Checksum checksum) {}

    /** Writes the tensors of a unit. */
    interface Content {
        void write(SafetensorsWriter file) throws IOException;
    }

    private final Path folder;
    private final Map<String, String> run;
    private final Map<String, Finished> finished = new LinkedHashMap<>();

    private Progress(Path folder, Map<String, String> run) {
        this.folder = folder;
        this.run = run;
    }

    static boolean exists(Path results) {
        return Files.exists(results.resolve(FOLDER).resolve(FILE));
    }

    /**
     * Begins a run or takes it up again.
     *
     * @param results folder of the results
     * @param run describes options and data
     * @param resume whether an unfinished run may be taken up
     * @param lock the lock of the results' folder
     */
    static Progress begin(Path results, Map<String, String> run, boolean resume, FolderLock lock) throws IOException {
        lock.requireHeld();
        Path folder = results.resolve(FOLDER);
        if (exists(results)) {
            Progress old = read(folder);
            if (!resume && !old.finished.isEmpty()) {
                throw new IllegalStateException(results + " holds an unfinished run; take it up again with --resume, or"
                        + " remove " + folder + " to begin anew");
            }
            if (resume) {
                requireSame(results, old.run, run);
                AtomicFile.removeLeftovers(folder);
                return old;
            }
        }
        delete(folder);
        Files.createDirectories(folder);
        Progress progress = new Progress(folder, run);
        progress.save();
        return progress;
    }

    static void requireSame(Path results, Map<String, String> old, Map<String, String> now) {
        for (String key : Stream.concat(now.keySet().stream(), old.keySet().stream())
                .distinct()
                .toList()) {
            String before = old.getOrDefault(key, "nothing");
            String after = now.getOrDefault(key, "nothing");
            // what a run has chosen for itself when it began, it keeps
            if (!before.equals(after) && !key.startsWith("chosen ")) {
                throw new IllegalStateException(results + " holds a run with " + key + " " + before + ", asked for is "
                        + after + "; results of both would be mixed");
            }
        }
    }

    /**
     * Refuses complete results that are not those of this run.
     *
     * @param digest of the run, as its results have it
     */
    static void requireDone(Path results, Provenance done, String digest) {
        if (!done.options().getOrDefault("run", "unknown").equals(digest)) {
            throw new IllegalStateException(
                    results + " holds complete results of other options or data and no unfinished"
                            + " run; leave --resume out to replace them");
        }
    }

    private static Progress read(Path folder) throws IOException {
        StrictJson json = StrictJson.read(folder.resolve(FILE), "the progress");
        if (!json.text("format").equals(FORMAT) || json.integer("version") != 1) {
            throw json.malformed("format", FORMAT + " of version 1");
        }
        json.requireOnly(Set.of("format", "version", "run", "finished"));
        Progress progress = new Progress(folder, json.object("run").texts());
        json.object("finished").objects().forEach((name, entry) -> {
            Map<String, Checksum> checksum = Checksum.parse(entry.object("files"));
            if (checksum.size() != 1) {
                throw entry.malformed("files", "one file");
            }
            String file = checksum.keySet().iterator().next();
            // files that are named here are removed when they are out of date
            new ShardFolder(folder).resolve(file);
            progress.finished.put(
                    name,
                    new Finished(
                            entry.positive("units"),
                            file,
                            checksum.values().iterator().next()));
        });
        return progress;
    }

    /** What the run has chosen when it began, such as a memory limit. */
    String chosen(String name) {
        String value = run.get("chosen " + name);
        if (value == null) {
            throw new MalformedFileException(folder.resolve(FILE), "does not say " + name);
        }
        return value;
    }

    Path folder() {
        return folder;
    }

    Optional<Finished> find(String series) {
        return Optional.ofNullable(finished.get(series));
    }

    int units(String series) {
        return find(series).map(Finished::units).orElse(0);
    }

    SafetensorsFile open(String series) throws IOException {
        return open(find(series).orElseThrow(() -> new IllegalStateException(series + " is not finished")));
    }

    SafetensorsFile open(Finished unit) throws IOException {
        SafetensorsFile file = new ShardFolder(folder).open(unit.file());
        try {
            unit.checksum().verify(file);
            return file;
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    /** Writes what a series has come to after some units, and forgets what it was before. */
    void finish(String series, int units, List<TensorSpec> specs, Content content) throws IOException {
        finish(series, units, specs, Map.of(), content);
    }

    void finish(String series, int units, List<TensorSpec> specs, Map<String, String> metadata, Content content)
            throws IOException {
        String name = series + "-" + units + ShardFolder.SUFFIX;
        Checksum checksum;
        try (SafetensorsWriter file = SafetensorsWriter.create(folder.resolve(name), specs, metadata)) {
            content.write(file);
            checksum = new Checksum(file.size(), file.sha256());
            file.commit();
        }
        Optional<Finished> before = find(series);
        finished.put(series, new Finished(units, name, checksum));
        save();
        if (before.isPresent()) {
            Files.deleteIfExists(folder.resolve(before.get().file()));
        }
    }

    private void save() throws IOException {
        Map<String, Object> units = new LinkedHashMap<>();
        finished.forEach((name, unit) ->
                units.put(name, Map.of("units", unit.units(), "files", Map.of(unit.file(), unit.checksum()))));
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("format", FORMAT);
        json.put("version", 1);
        json.put("run", run);
        json.put("finished", units);
        AtomicFile.write(folder.resolve(FILE), JSON.writeValueAsString(json).getBytes(StandardCharsets.UTF_8));
    }

    /** Forgets a series whose numbers nothing needs any more. */
    void forget(String series) throws IOException {
        Finished before = finished.remove(series);
        if (before != null) {
            save();
            Files.deleteIfExists(folder.resolve(before.file()));
        }
    }

    /** Forgets the run, whose results are written: first that there is one, then its numbers. */
    void discard() throws IOException {
        Files.deleteIfExists(folder.resolve(FILE));
        delete(folder);
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        List<Path> all;
        try (Stream<Path> files = Files.walk(folder)) {
            all = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : all) {
            Files.delete(file);
        }
    }
}
