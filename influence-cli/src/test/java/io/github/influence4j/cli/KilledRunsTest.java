package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.cli.Influence.Ran;
import io.github.influence4j.store.captures.CaptureObjective;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs in processes of their own that get SIGKILL, at moments spread over the run, and are taken up again: the bytes of a run
 * that was let alone come out, and nothing that was finished is done again. Three kills a command here; {@code -Pkills} does
 * twenty.
 */
class KilledRunsTest {

    private static final int KILLS = Integer.getInteger("influence.kills", 3);

    private static final long SEED = Long.getLong("influence.kills.seed", 1);

    @TempDir
    private Path folder;

    @BeforeEach
    void writeCaptures() throws IOException {
        RandomShards.write(folder.resolve("sampled"), CaptureObjective.SAMPLED);
        RandomShards.write(folder.resolve("train"), CaptureObjective.TRAINING);
        RandomShards.write(folder.resolve("queries"), CaptureObjective.MEASUREMENT);
        assertEquals(0, Influence.run(arguments("fit", "factors")).exitCode());
    }

    @ParameterizedTest
    @ValueSource(strings = {"fit", "score", "self"})
    void givesTheBytesOfARunThatWasLetAlone(String command) throws IOException, InterruptedException {
        Ran whole = Influence.run(arguments(command, "whole"));
        assertEquals(0, whole.exitCode(), whole.err());
        int units = whole.lines().size();
        // queries that are being prepared are no finished unit
        int first = 1
                + (int) whole.lines().stream()
                        .filter(line -> line.startsWith("queries"))
                        .count();
        SplittableRandom random = new SplittableRandom(SEED);
        int afterTheFirst = 0;
        for (int k = 0; k < KILLS; k++) {
            // the first fifth dies at the start, the others spread over what follows the first finished unit
            int spread = Math.max(0, k - KILLS / 5) * (units - 1 - first) / (KILLS - KILLS / 5);
            int line = k < KILLS / 5 ? 0 : Math.min(units - 1, first + spread);
            String out = "killed" + k;
            List<String> lines = kill(command, out, line, random.nextInt(40));
            Path log = folder.resolve(out).resolve(".progress/progress.log");
            boolean finishedUnits = Files.exists(log) && Files.size(log) > 0;
            afterTheFirst += finishedUnits ? 1 : 0;
            if (k == KILLS - 1) {
                refusesOthers(command, out);
            }
            Ran rest = Influence.run(resumed(command, out));
            assertEquals(0, rest.exitCode(), rest.err());
            assertTrue(
                    rest.lines().size() <= units - lines.size(),
                    "heard " + lines + " before the kill and " + rest.lines() + " after it");
            assertSameBytes(folder.resolve("whole"), folder.resolve(out));
            assertFalse(Files.exists(folder.resolve(out).resolve(".progress")));
            // once more changes nothing
            assertEquals(0, Influence.run(resumed(command, out)).exitCode());
        }
        assertTrue(afterTheFirst >= KILLS * 3 / 4, afterTheFirst + " of " + KILLS + " after a finished unit");
    }

    private void refusesOthers(String command, String out) {
        Ran plain = Influence.run(arguments(command, out));
        assertEquals(5, plain.exitCode(), plain.err());
        List<String> other = new ArrayList<>(resumed(command, out));
        other.addAll(command.equals("fit") ? List.of("--blocks", "2") : List.of("--damping", "0.3"));
        Ran refused = Influence.run(other);
        assertEquals(5, refused.exitCode(), refused.err());
        assertEquals(1, refused.lines().size(), refused.err());
    }

    private List<String> arguments(String command, String out) {
        List<String> all = new ArrayList<>(List.of(command, "--out", path(out), "--backend", "ejml"));
        if (command.equals("fit")) {
            all.addAll(List.of("--captures", path("sampled"), "--precision", "float64"));
        } else {
            all.addAll(List.of("--factors", path("factors"), "--train", path("train")));
        }
        if (command.equals("score")) {
            all.addAll(List.of("--queries", path("queries/shard-0.safetensors"), "--per-layer"));
        }
        return all;
    }

    private String path(String name) {
        return folder.resolve(name).toString();
    }

    private List<String> resumed(String command, String out) {
        List<String> all = new ArrayList<>(arguments(command, out));
        all.add("--resume");
        return all;
    }

    /** Kills a run some milliseconds after it has said so many lines, and returns them. */
    private List<String> kill(String command, String out, int lines, int millis)
            throws IOException, InterruptedException {
        Process child = Influence.start(InfluenceCommand.class, resumed(command, out));
        List<String> heard = new ArrayList<>();
        try (BufferedReader reader = child.inputReader(StandardCharsets.UTF_8)) {
            while (heard.size() < lines) {
                String next = reader.readLine();
                assertTrue(next != null, () -> "ended before: " + heard);
                heard.add(next);
            }
            Thread.sleep(lines == 0 ? 10L * millis : millis);
            // by its handle, as the process's own method closes the stream
            child.toHandle().destroyForcibly();
            child.waitFor();
            // what it said between the last line that was waited for and its end
            for (String next = reader.readLine(); next != null; next = reader.readLine()) {
                if (next.contains(" of ")) {
                    heard.add(next);
                }
            }
        }
        return heard;
    }

    /** Of the numbers; manifests also say how long it took. */
    private static void assertSameBytes(Path expected, Path actual) throws IOException {
        List<String> names;
        try (Stream<Path> files = Files.list(expected)) {
            names = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".safetensors"))
                    .toList();
        }
        assertFalse(names.isEmpty());
        for (String name : names) {
            assertArrayEquals(
                    Files.readAllBytes(expected.resolve(name)), Files.readAllBytes(actual.resolve(name)), name);
        }
    }
}
