package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.cli.Influence.Ran;
import io.github.influence4j.cli.KillMoment.Outcome;
import io.github.influence4j.store.captures.CaptureObjective;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Runs in processes of their own that get SIGKILL, at moments spread over the run, its last unit and its clean-up, and are taken up
 * again: the bytes of a run that was let alone come out, nothing is left beside them, and nothing that was finished is done again.
 * Three kills a command here; {@code -Pkills} does twenty-nine.
 */
class KilledRunsTest {

    private static final int KILLS = Integer.getInteger("influence.kills", 3);

    private static final long SEED = Long.getLong("influence.kills.seed", 1);

    /** A process may have ended before it is killed; that is no kill. */
    private static final int TRIES = 4;

    private static final Path MODEL = Path.of("../influence-lm/src/test/resources/parity-lm/llama");

    /** Every command that writes a folder, in each way that takes units of its own, and the file that it writes last. */
    enum Work {
        FIT("fit", "manifest.json"),
        SCORE("score --per-layer", "scores.json"),
        TOP("score --top-k 5", "scores.json"),
        CSV("score --aggregate sum --format csv", "scores.json"),
        SELF("self", "scores.json"),
        CAPTURE("capture", "captures-00000007.safetensors"),
        FINETUNE("finetune", "config.json");

        private final List<String> words;
        private final String last;

        Work(String words, String last) {
            this.words = List.of(words.split(" "));
            this.last = last;
        }

        /** Captures are kept file by file, without progress beside them. */
        boolean inUnits() {
            return this != CAPTURE;
        }

        @Override
        public String toString() {
            return String.join(" ", words);
        }
    }

    @TempDir
    private Path folder;

    @BeforeEach
    void writeData() throws IOException {
        RandomShards.write(folder.resolve("sampled"), CaptureObjective.SAMPLED);
        RandomShards.write(folder.resolve("train"), CaptureObjective.TRAINING);
        RandomShards.write(folder.resolve("queries"), CaptureObjective.MEASUREMENT);
        SplittableRandom random = new SplittableRandom(SEED);
        Files.writeString(
                folder.resolve("train.jsonl"),
                IntStream.range(0, 40)
                        .mapToObj(line -> random.ints(7, 0, 160)
                                .mapToObj(String::valueOf)
                                .collect(Collectors.joining(",", "{\"input_ids\":[", "]}\n")))
                        .collect(Collectors.joining()));
        assertEquals(0, Influence.run(arguments(Work.FIT, "factors")).exitCode());
    }

    @ParameterizedTest
    @EnumSource(Work.class)
    void givesTheBytesOfARunThatWasLetAlone(Work work) throws IOException, InterruptedException {
        Ran whole = Influence.run(arguments(work, "whole"));
        assertEquals(0, whole.exitCode(), whole.err());
        List<String> said =
                whole.lines().stream().filter(line -> line.contains(" of ")).toList();
        SplittableRandom random = new SplittableRandom(SEED);
        int afterTheFirst = 0;
        boolean refused = false;
        for (int k = 0; k < KILLS; k++) {
            String out = "killed" + k;
            Killed killed = kill(work, out, k, said, random);
            Path progress = folder.resolve(out).resolve(".progress");
            Path log = progress.resolve("progress.log");
            boolean finishedUnits = Files.exists(log) && Files.size(log) > 0;
            boolean results = Files.exists(folder.resolve(out).resolve(work.last));
            afterTheFirst += finishedUnits || results ? 1 : 0;
            if (work.inUnits() && finishedUnits && !results && !refused) {
                refusesOthers(work, out);
                refused = true;
            }
            String left = results ? Files.exists(progress) ? "results and progress" : "results" : "progress";
            Map<Path, FileTime> before = work == Work.CAPTURE ? shards(out) : Map.of();
            finish(work, out, said.size() - killed.outcome.lines().size());
            assertSameFiles(folder.resolve("whole"), folder.resolve(out));
            for (Map.Entry<Path, FileTime> shard : before.entrySet()) {
                assertEquals(shard.getValue(), Files.getLastModifiedTime(shard.getKey()), "written again: " + shard);
            }
            report(work + "," + killed.moment.name() + "," + left);
        }
        if (work.inUnits()) {
            assertTrue(refused, "no kill left a finished unit and no results");
            assertTrue(afterTheFirst >= KILLS * 3 / 4, afterTheFirst + " of " + KILLS + " after a finished unit");
        }
    }

    private record Killed(KillMoment moment, Outcome outcome) {}

    private Killed kill(Work work, String out, int k, List<String> said, SplittableRandom random)
            throws IOException, InterruptedException {
        for (int attempt = 0; attempt < TRIES; attempt++) {
            KillMoment moment = moment(work, k, said, random);
            remove(folder.resolve(out));
            Process child = Influence.start(InfluenceCommand.class, resumed(work, out));
            Outcome outcome = moment.kill(child, folder.resolve(out));
            if (outcome.killed()) {
                return new Killed(moment, outcome);
            }
        }
        // the last microseconds of a process that writes little cannot always be met
        KillMoment sure = KillMoment.line(work == Work.CAPTURE ? 0 : said.size() / 2, 0);
        remove(folder.resolve(out));
        Outcome outcome = sure.kill(Influence.start(InfluenceCommand.class, resumed(work, out)), folder.resolve(out));
        assertTrue(outcome.killed(), "ended before it could be killed: " + outcome.lines());
        return new Killed(sure, outcome);
    }

    /** The first sixth at the start, the last two fifths at the end, what is between spread over the lines or files. */
    private static KillMoment moment(Work work, int k, List<String> said, SplittableRandom random) {
        int starts = KILLS / 6;
        int ends = Math.max(1, KILLS * 2 / 5);
        int spread = KILLS - starts - ends;
        if (k < starts) {
            return KillMoment.start(random.nextInt(1500));
        }
        if (k >= KILLS - ends) {
            int late = random.nextInt(400);
            return switch (work) {
                case FIT, SCORE, TOP, CSV, SELF ->
                    k % 2 == 0 ? KillMoment.cleaning(work.last, late) : KillMoment.appears(work.last, late);
                case CAPTURE -> KillMoment.appears("captures-00000006.safetensors", random.nextInt(4000));
                case FINETUNE ->
                    switch (k % 3) {
                        case 0 -> KillMoment.appears("model.safetensors", late);
                        case 1 -> KillMoment.appears(".config.json", 10 * late);
                        default -> KillMoment.cleaning(work.last, late);
                    };
            };
        }
        int at = k - starts;
        if (work == Work.CAPTURE) {
            return KillMoment.appears("captures-0000000" + at * 7 / spread + ".safetensors", random.nextInt(5000));
        }
        // queries that are being prepared are no finished unit
        int first = 1
                + (int) said.stream().filter(line -> line.startsWith("queries")).count();
        int line = Math.min(said.size() - 1, first + at * (said.size() - 1 - first) / spread);
        return KillMoment.line(line, random.nextInt(20));
    }

    private void finish(Work work, String out, int linesAtMost) throws IOException {
        Ran rest = Influence.run(resumed(work, out));
        assertEquals(0, rest.exitCode(), rest.err());
        if (work.inUnits()) {
            assertTrue(rest.lines().size() <= linesAtMost, rest.err());
        }
        // once more changes nothing
        assertEquals(0, Influence.run(resumed(work, out)).exitCode());
    }

    private void refusesOthers(Work work, String out) {
        Ran plain = Influence.run(arguments(work, out));
        assertEquals(5, plain.exitCode(), plain.err());
        List<String> other = new ArrayList<>(resumed(work, out));
        other.addAll(
                switch (work) {
                    case FIT -> List.of("--blocks", "2");
                    case FINETUNE -> List.of("--learning-rate", "0.3");
                    default -> List.of("--damping", "0.3");
                });
        Ran refused = Influence.run(other);
        assertEquals(5, refused.exitCode(), refused.err());
        assertEquals(1, refused.lines().size(), refused.err());
    }

    private List<String> arguments(Work work, String out) {
        List<String> all = new ArrayList<>(work.words);
        all.addAll(List.of("--out", path(out), "--backend", "ejml"));
        switch (work) {
            case FIT -> all.addAll(List.of("--captures", path("sampled"), "--precision", "float64"));
            case SCORE, TOP, CSV ->
                all.addAll(List.of(
                        "--factors",
                        path("factors"),
                        "--train",
                        path("train"),
                        "--queries",
                        path("queries/shard-0.safetensors")));
            case SELF -> all.addAll(List.of("--factors", path("factors"), "--train", path("train")));
            case CAPTURE ->
                all.addAll(List.of(
                        "--data",
                        path("train.jsonl"),
                        "--model",
                        MODEL.toString(),
                        "--objective",
                        "training",
                        "--batch-size",
                        "5",
                        "--precision",
                        "float64"));
            case FINETUNE ->
                all.addAll(List.of(
                        "--data",
                        path("train.jsonl"),
                        "--model",
                        MODEL.toString(),
                        "--epochs",
                        "2",
                        "--keep-every",
                        "1",
                        "--precision",
                        "float64"));
        }
        return all;
    }

    private String path(String name) {
        return folder.resolve(name).toString();
    }

    private List<String> resumed(Work work, String out) {
        List<String> all = new ArrayList<>(arguments(work, out));
        all.add("--resume");
        return all;
    }

    private Map<Path, FileTime> shards(String out) throws IOException {
        Map<Path, FileTime> times = new HashMap<>();
        for (String name : names(folder.resolve(out))) {
            if (name.startsWith("captures-")) {
                Path shard = folder.resolve(out).resolve(name);
                times.put(shard, Files.getLastModifiedTime(shard));
            }
        }
        return times;
    }

    /** The same names, hidden ones too, and the same bytes, but for what says how long it took. */
    private static void assertSameFiles(Path expected, Path actual) throws IOException {
        List<String> names = names(expected);
        assertEquals(names, names(actual));
        for (String name : names) {
            if (!name.equals("manifest.json") && !name.equals("scores.json")) {
                assertArrayEquals(
                        Files.readAllBytes(expected.resolve(name)), Files.readAllBytes(actual.resolve(name)), name);
            }
        }
        assertFalse(names.isEmpty());
    }

    private static List<String> names(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static void remove(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** A line for the table of a long run, where a file for it is named. */
    private static void report(String line) throws IOException {
        Optional<String> file = Optional.ofNullable(System.getProperty("influence.kills.report"));
        if (file.isPresent()) {
            Files.writeString(Path.of(file.get()), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
    }
}
