package io.github.influence4j.store.runs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Fingerprint;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.store.Backends;
import io.github.influence4j.store.Resealing;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Progress that somebody else has changed, or that was damaged: refused, and nothing outside its folder is touched. */
class SpoiltProgressTest {

    private static final class Ended extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    private Path progress = Path.of("");

    @BeforeEach
    void beginARun() throws IOException {
        TestCaptures.write(folder.resolve("captures"), CaptureObjective.SAMPLED, 5);
        progress = folder.resolve("out/.progress");
        assertThrows(Ended.class, () -> run(true, false));
    }

    private void run(boolean end, boolean resume) throws IOException {
        try (CaptureSet captures = CaptureSet.open(folder.resolve("captures"))) {
            FitRun.of(Backends.EJML, FitOptions.defaults(), captures, (stage, done, total) -> {
                        if (end) {
                            throw new Ended();
                        }
                    })
                    .run(folder.resolve("out"), resume);
        }
    }

    private Path unit() throws IOException {
        try (Stream<Path> files = Files.list(progress)) {
            return files.filter(file -> file.toString().endsWith(".safetensors"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** Changed by somebody who puts the checksum of the line right, too. */
    @Test
    void aNameThatLeadsElsewhereIsRefused() throws IOException {
        Path victim = Files.writeString(folder.resolve("victim"), "here");
        Path file = progress.resolve("progress.log");
        String log = Files.readString(file);
        String name = unit().getFileName().toString();
        for (String other : List.of("../../victim", folder.resolve("victim").toString(), "..", "a/b")) {
            Files.writeString(file, line(content(log).replace(name, other)));
            assertThrows(MalformedFileException.class, () -> run(false, true), other);
        }
        assertEquals("here", Files.readString(victim));
        Files.writeString(file, log);
        run(false, true);
    }

    /** Of the only line. */
    private static String content(String log) {
        return log.substring(log.indexOf(' ') + 1, log.length() - 1);
    }

    private static String line(String content) {
        return Fingerprint.ofText(content) + " " + content + "\n";
    }

    @Test
    void damagedNumbersAreRefused() throws IOException {
        Path unit = unit();
        byte[] bytes = Files.readAllBytes(unit);
        byte[] changed = bytes.clone();
        changed[changed.length - 1] ^= 1;
        Files.write(unit, changed);
        assertThrows(MalformedFileException.class, () -> run(false, true));
        Files.write(unit, java.util.Arrays.copyOf(bytes, bytes.length - 8));
        assertThrows(MalformedFileException.class, () -> run(false, true));
        Files.delete(unit);
        Files.createSymbolicLink(unit, Files.write(folder.resolve("elsewhere.safetensors"), bytes));
        assertThrows(MalformedFileException.class, () -> run(false, true));
    }

    @Test
    void damagedDescriptionsAreRefused() throws IOException {
        Path file = progress.resolve("progress.json");
        String json = Files.readString(file);
        for (String wrong : List.of("", "{}", json.replace("EKFAC", "KFAC"), json.substring(0, json.length() / 2))) {
            Files.writeString(file, wrong);
            assertThrows(MalformedFileException.class, () -> run(false, true), wrong);
        }
        for (Map.Entry<String, String> wrong : Map.of(
                        "influence-progress", "other",
                        "\"version\" : 3", "\"version\" : 2",
                        "chosen memory limit", "chosen nothing")
                .entrySet()) {
            assertTrue(json.contains(wrong.getKey()), json);
            Files.writeString(file, json);
            Resealing.edit(file, text -> text.replace(wrong.getKey(), wrong.getValue()));
            assertThrows(MalformedFileException.class, () -> run(false, true), wrong.getKey());
        }
        Files.writeString(file, json);
        Path log = progress.resolve("progress.log");
        String content = content(Files.readString(log));
        for (String wrong : List.of(
                content.replace("\"units\":1", "\"units\":-1"),
                content.replace("\"units\":1", "\"units\":1,\"units\":2"),
                content.replace("\"series\"", "\"serious\""),
                "{}")) {
            Files.writeString(log, line(wrong));
            assertThrows(MalformedFileException.class, () -> run(false, true), wrong);
        }
        assertTrue(Files.exists(unit()));
    }

    /** Defect: a run that was killed while it removed its progress left the rest there for ever. */
    @Test
    void whatAKilledCleanUpLeftIsRemoved() throws IOException {
        Path kept = folder.resolve("kept");
        Files.copy(unit(), kept);
        run(false, true);
        Files.createDirectory(progress);
        Files.copy(kept, progress.resolve("covariances-0-1.safetensors"));
        run(false, true);
        assertTrue(Files.notExists(progress));
    }
}
