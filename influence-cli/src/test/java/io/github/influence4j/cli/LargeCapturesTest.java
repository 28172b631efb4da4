package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.store.captures.CaptureObjective;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Captures that are larger than what the process may take: fitted and scored by the command, whose anonymous resident memory is
 * watched. {@code -Plarge} runs it with 20 GB.
 */
@EnabledOnOs(OS.LINUX)
@EnabledIfSystemProperty(named = "influence.large.bytes", matches = "[0-9]+")
class LargeCapturesTest {

    private static final long MOST_KIB = 3_000_000_000L / 1024;

    @TempDir
    private Path folder;

    @Test
    void needNoMoreThanThreeGigabytes() throws IOException, InterruptedException {
        Path captures = folder.resolve("captures");
        GeneratedShards.write(captures, Long.getLong("influence.large.bytes", 0), CaptureObjective.TRAINING);
        GeneratedShards.write(folder.resolve("queries"), 1, CaptureObjective.MEASUREMENT);
        GeneratedShards.relabel(captures, CaptureObjective.SAMPLED);
        String factors = folder.resolve("factors").toString();
        watch("fit", "--captures", captures.toString(), "--out", factors);
        GeneratedShards.relabel(captures, CaptureObjective.TRAINING);
        watch(
                "score",
                "--factors",
                factors,
                "--train",
                captures.toString(),
                "--queries",
                folder.resolve("queries").toString(),
                "--out",
                folder.resolve("scores").toString());
        watch(
                "self",
                "--factors",
                factors,
                "--train",
                captures.toString(),
                "--out",
                folder.resolve("self").toString());
    }

    private static void watch(String... arguments) throws IOException, InterruptedException {
        Process child = Influence.start(InfluenceCommand.class, List.of(arguments));
        AtomicLong peak = new AtomicLong();
        Thread watcher = new Thread(() -> {
            while (child.isAlive()) {
                peak.accumulateAndGet(anonymous(child.pid()), Math::max);
                try {
                    Thread.sleep(20);
                } catch (InterruptedException e) {
                    return;
                }
            }
        });
        watcher.start();
        List<String> lines = new ArrayList<>();
        try (BufferedReader reader = child.inputReader(StandardCharsets.UTF_8)) {
            for (String next = reader.readLine(); next != null; next = reader.readLine()) {
                lines.add(next);
            }
        }
        assertEquals(0, child.waitFor(), lines::toString);
        watcher.join();
        assertTrue(peak.get() > 0 && peak.get() < MOST_KIB, arguments[0] + " took " + peak.get() + " KiB");
    }

    /** RssAnon in KiB; 0 where the process is gone. */
    private static long anonymous(long process) {
        try {
            return Files.readAllLines(Path.of("/proc/" + process + "/status")).stream()
                    .filter(line -> line.startsWith("RssAnon:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }
}
