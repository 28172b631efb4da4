package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.influence4j.cli.Influence.Ran;
import io.github.influence4j.store.captures.CaptureObjective;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file system of two megabytes that is full, or gets full at any moment. Needs the right to mount one, as root has it. */
class FullDiskTest {

    private static final int SIZE = 2 << 20;

    @TempDir
    private Path folder;

    private Path disk = Path.of("");
    private boolean mounted;

    @BeforeEach
    void mount() throws IOException, InterruptedException {
        disk = Files.createDirectory(folder.resolve("disk"));
        mounted = command("mount", "-t", "tmpfs", "-o", "size=" + SIZE, "tmpfs", disk.toString());
        assumeTrue(mounted, "cannot mount a tmpfs here: needs Linux and root");
    }

    @AfterEach
    void unmount() throws IOException, InterruptedException {
        if (mounted) {
            assertTrue(command("umount", disk.toString()));
        }
    }

    private static boolean command(String... words) throws InterruptedException {
        try {
            return new ProcessBuilder(words)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void leavesWhatWasThereAndIsTakenUp() throws IOException {
        String sampled = path(RandomShards.write(folder.resolve("sampled"), CaptureObjective.SAMPLED));
        String train = path(RandomShards.write(folder.resolve("train"), CaptureObjective.TRAINING));
        String queries = path(RandomShards.write(folder.resolve("queries"), CaptureObjective.MEASUREMENT)
                .resolve("shard-0.safetensors"));
        String factors = path(folder.resolve("factors"));
        List<String> fit = List.of("fit", "--captures", sampled, "--precision", "float64");
        assertEquals(0, run(fit, factors).exitCode());
        check(fit, List.of("--strategy", "kfac"));
        List<String> score = List.of("score", "--factors", factors, "--train", train, "--queries", queries);
        check(score, List.of("--damping", "0.3x"));
        check(List.of("self", "--factors", factors, "--train", train), List.of("--damping", "0.3x"));
    }

    /** Has old results replaced by new ones while there is less and less room for them. */
    private void check(List<String> command, List<String> others) throws IOException {
        Path out = disk.resolve(command.get(0));
        Path whole = folder.resolve("whole-" + command.get(0));
        List<String> other = with(command, others);
        assertEquals(0, run(other, path(whole)).exitCode());
        assertEquals(0, run(command, path(out)).exitCode());
        Map<String, byte[]> before = contents(out);
        int failed = 0;
        for (int room = 0; room < 400_000; room += 40_000) {
            Path filler = disk.resolve("filler");
            Files.write(filler, new byte[(int) Math.max(0, disk.toFile().getUsableSpace() - room)]);
            Ran full = run(resumed(other, out), path(out));
            Files.delete(filler);
            if (full.exitCode() == 0) {
                break;
            }
            failed++;
            assertEquals(4, full.exitCode(), full.err());
            String last = full.lines().get(full.lines().size() - 1);
            assertTrue(last.contains("No space left"), full.err());
            Map<String, byte[]> after = contents(out);
            assertEquals(before.keySet(), after.keySet());
            before.forEach((name, bytes) -> assertArrayEquals(bytes, after.get(name), name));
        }
        assertTrue(failed > 0, command + " never ran out of room");
        assertEquals(0, run(resumed(other, out), path(out)).exitCode());
        Map<String, byte[]> expected = contents(whole);
        contents(out).forEach((name, bytes) -> {
            if (name.endsWith(".safetensors")) {
                assertArrayEquals(expected.get(name), bytes, name);
            }
        });
    }

    /** What is there to be taken up, if anything. */
    private static List<String> resumed(List<String> command, Path out) {
        boolean begun = Files.exists(out.resolve(".progress/progress.json"));
        return begun ? with(command, List.of("--resume")) : command;
    }

    private static Ran run(List<String> command, String out) {
        return Influence.run(with(command, List.of("--out", out, "--backend", "ejml")));
    }

    private static List<String> with(List<String> command, List<String> more) {
        List<String> all = new ArrayList<>(command);
        all.addAll(more);
        return all;
    }

    private static String path(Path path) {
        return path.toString();
    }

    /** All files but hidden ones. */
    private static Map<String, byte[]> contents(Path folder) throws IOException {
        Map<String, byte[]> contents = new HashMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (!name.startsWith(".")) {
                    contents.put(name, Files.readAllBytes(file));
                }
            }
        }
        return contents;
    }
}
