package io.github.influence4j.store.runs;

import io.github.influence4j.api.Provenance;
import io.github.influence4j.safetensors.AtomicFile;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.ShardFolder;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.store.FolderLock;
import io.github.influence4j.store.json.SealedJson;
import io.github.influence4j.store.json.StrictJson;
import io.github.influence4j.store.runs.ProgressLog.Finished;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * How far a run has come, in the folder {@code .progress} of its results.
 *
 * <p>{@code progress.json} says which run it is, {@code progress.log} what is finished. A unit's numbers are on the medium before
 * the log names them, and what the log does not name does not count. For one thread, which holds the folder's lock.
 */
final class Progress {

    private static final String FOLDER = ".progress";
    private static final String FILE = "progress.json";
    private static final String FORMAT = "influence-progress";
    private static final int VERSION = 3;

    /** Writes the tensors of a unit. */
    interface Content {
        void write(SafetensorsWriter file) throws IOException;
    }

    private final Path folder;
    private final Map<String, String> run;
    private final ProgressLog log;

    private Progress(Path folder, Map<String, String> run) throws IOException {
        this.folder = folder;
        this.run = run;
        this.log = ProgressLog.open(folder);
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
            if (!resume && !old.log.isEmpty()) {
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
     * Refuses complete results that are not those of this run; removes what is left of the progress of those that are.
     *
     * @param digest of the run, as its results have it
     */
    static void requireDone(Path results, Provenance done, String digest) throws IOException {
        if (!done.options().getOrDefault("run", "unknown").equals(digest)) {
            throw new IllegalStateException(
                    results + " holds complete results of other options or data and no unfinished"
                            + " run; leave --resume out to replace them");
        }
        // what a run that was killed while it cleaned up left behind
        delete(results.resolve(FOLDER));
    }

    /** The same of results that say of which run they are, word by word. */
    static void requireDone(Path results, Map<String, String> done, Map<String, String> now) throws IOException {
        requireSame(results, done, now);
        delete(results.resolve(FOLDER));
    }

    private static Progress read(Path folder) throws IOException {
        StrictJson json = SealedJson.read(folder.resolve(FILE), "the progress");
        if (!json.text("format").equals(FORMAT)) {
            throw json.malformed("format", FORMAT);
        }
        if (json.integer("version") != VERSION) {
            throw json.malformed("version", VERSION + ", that of this library; to begin anew, remove " + folder);
        }
        json.requireOnly(Set.of("format", "version", "run", SealedJson.CHECKSUM));
        return new Progress(folder, json.object("run").texts());
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
        return log.find(series);
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
        UnitChecksum checksum;
        try (SafetensorsWriter file = SafetensorsWriter.create(folder.resolve(name), specs, metadata)) {
            content.write(file);
            checksum = UnitChecksum.of(file);
            file.commit();
        }
        Optional<Finished> before = find(series);
        log.finish(series, new Finished(units, name, checksum));
        if (before.isPresent()) {
            Files.deleteIfExists(folder.resolve(before.get().file()));
        }
    }

    private void save() throws IOException {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("format", FORMAT);
        json.put("version", VERSION);
        json.put("run", run);
        AtomicFile.write(folder.resolve(FILE), SealedJson.write(json));
    }

    /** Forgets a series whose numbers nothing needs any more. */
    void forget(String series) throws IOException {
        Optional<Finished> before = find(series);
        if (before.isPresent()) {
            log.forget(series);
            Files.deleteIfExists(folder.resolve(before.get().file()));
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
