package io.github.influence4j.store.runs;

import io.github.influence4j.api.Fingerprint;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.ShardFolder;
import io.github.influence4j.store.json.StrictJson;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.json.JsonMapper;

/**
 * The finished units of a run, a line each in a file that only grows: a unit costs its own line, however many there are.
 *
 * <p>A line begins with the checksum of the rest. One that was not written to its end when the process or the machine stopped is
 * the last, and does not count; it is cut off when the log is opened. For one thread.
 */
final class ProgressLog {

    static final String FILE = "progress.log";

    private static final JsonMapper JSON = new JsonMapper();
    private static final int DIGITS = 64;

    /** The state of a series of units: how many are finished, and the file that holds their numbers. */
    record Finished(int units, String file, UnitChecksum checksum) {}

    private final Path file;
    private final Map<String, Finished> finished = new LinkedHashMap<>();

    private ProgressLog(Path file) {
        this.file = file;
    }

    /** Opens the log of a folder, which need not have one yet. */
    static ProgressLog open(Path folder) throws IOException {
        ProgressLog log = new ProgressLog(folder.resolve(FILE));
        if (Files.exists(log.file, LinkOption.NOFOLLOW_LINKS)) {
            log.read();
        }
        return log;
    }

    private void read() throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new MalformedFileException(file, "is not a file");
        }
        byte[] bytes = Files.readAllBytes(file);
        int start = 0;
        for (int end = 0; end < bytes.length; end++) {
            if (bytes[end] != '\n') {
                continue;
            }
            String line = new String(bytes, start, end - start, StandardCharsets.UTF_8);
            if (!isWhole(line)) {
                if (end + 1 < bytes.length) {
                    throw new MalformedFileException(file, "is damaged before its end, at byte " + start);
                }
                break;
            }
            apply(StrictJson.parse(file, "the line at byte " + start, line.substring(DIGITS + 1)));
            start = end + 1;
        }
        if (start < bytes.length) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(start);
                channel.force(true);
            }
        }
    }

    private static boolean isWhole(String line) {
        return line.length() > DIGITS
                && line.charAt(DIGITS) == ' '
                && line.startsWith(Fingerprint.ofText(line.substring(DIGITS + 1)));
    }

    private void apply(StrictJson line) {
        line.requireOnly(Set.of("series", "units", "files"));
        String series = line.text("series");
        Map<String, StrictJson> files = line.object("files").objects();
        if (files.isEmpty()) {
            finished.remove(series);
            return;
        }
        if (files.size() != 1) {
            throw line.malformed("files", "one file");
        }
        String name = files.keySet().iterator().next();
        // files that are named here are removed when they are out of date
        new ShardFolder(file.resolveSibling("")).resolve(name);
        UnitChecksum checksum = UnitChecksum.parse(files.values().iterator().next());
        finished.put(series, new Finished(line.positive("units"), name, checksum));
    }

    boolean isEmpty() {
        return finished.isEmpty();
    }

    Optional<Finished> find(String series) {
        return Optional.ofNullable(finished.get(series));
    }

    /** Says what a series has come to, in place of what it was before. */
    void finish(String series, Finished unit) throws IOException {
        append(series, unit.units(), Map.of(unit.file(), unit.checksum()));
        finished.put(series, unit);
    }

    /** Forgets a series. */
    void forget(String series) throws IOException {
        append(series, 1, Map.of());
        finished.remove(series);
    }

    private void append(String series, int units, Map<String, UnitChecksum> files) throws IOException {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("series", series);
        json.put("units", units);
        json.put("files", files);
        String text = JSON.writeValueAsString(json);
        ByteBuffer line =
                ByteBuffer.wrap((Fingerprint.ofText(text) + " " + text + "\n").getBytes(StandardCharsets.UTF_8));
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
            long before = channel.size();
            try {
                long at = before;
                while (line.hasRemaining()) {
                    at += channel.write(line, at);
                }
                channel.force(true);
            } catch (IOException | RuntimeException | Error e) {
                // the disk may be full: what was not written to its end must not be followed by another line
                channel.truncate(before);
                throw e;
            }
        }
    }
}
