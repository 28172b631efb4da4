package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.cli.Influence.Ran;
import io.github.influence4j.store.captures.CaptureObjective;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IndexCommandTest {

    @TempDir
    private Path folder;

    @BeforeEach
    void fit() throws IOException {
        RandomShards.write(folder.resolve("sampled"), CaptureObjective.SAMPLED);
        RandomShards.write(folder.resolve("train"), CaptureObjective.TRAINING);
        RandomShards.write(folder.resolve("asked"), CaptureObjective.MEASUREMENT);
        Files.createDirectory(folder.resolve("queries"));
        Files.move(folder.resolve("asked/shard-0.safetensors"), folder.resolve("queries/0.safetensors"));
        done("fit --captures sampled --out factors --backend openblas");
    }

    private Ran run(String line) {
        List<String> words = new ArrayList<>();
        String option = "";
        for (String word : line.split(" ")) {
            boolean path = List.of(
                            "--captures", "--factors", "--train", "--queries", "--index", "--rescore", "--out", "info")
                    .contains(option);
            words.add(path ? folder.resolve(word).toString() : word);
            option = word;
        }
        return Influence.run(words);
    }

    private Ran done(String line) {
        Ran ran = run(line);
        assertEquals(0, ran.exitCode(), line + ran.err());
        return ran;
    }

    @Test
    void candidatesOfAnIndexThatAreScoredAgainAreThoseOfScore() throws IOException {
        done("index build --factors factors --train train --out index --percent 3");
        assertTrue(done("index info index").out().contains("training examples: 300"));
        done("index query --index index --factors factors --queries queries --top-k 3 --out estimates");
        List<String> lines = Files.readAllLines(folder.resolve("estimates/top_estimates.csv"));
        assertEquals("query,end,rank,train,score,standard_error", lines.get(0));
        assertEquals(1 + 50 * 2 * 3, lines.size());
        done("score --factors factors --train train --queries queries --top-k 3 --format csv --out scores");
        done("index query --index index --factors factors --queries queries --rescore train --candidates 300 --top-k 3"
                + " --format csv --out exact");
        assertEquals(
                examples(folder.resolve("scores/top_scores.csv")), examples(folder.resolve("exact/top_scores.csv")));
    }

    private static List<String> examples(Path file) throws IOException {
        return Files.readAllLines(file).stream()
                .map(line -> line.substring(0, line.lastIndexOf(',')))
                .toList();
    }

    @Test
    void appendedShardsAreThoseOfAWholeBuild() throws IOException {
        done("index build --factors factors --train train --out whole --percent 3");
        done("index build --factors factors --train train/shard-0.safetensors --out index --percent 3");
        assertEquals(
                5,
                run("index build --factors factors --train train --out index --percent 3")
                        .exitCode());
        done("index append --factors factors --train train --out index --percent 3");
        for (int s = 0; s < RandomShards.SHARDS; s++) {
            String name = "signs-00000" + s + ".safetensors";
            assertArrayEquals(
                    Files.readAllBytes(folder.resolve("whole").resolve(name)),
                    Files.readAllBytes(folder.resolve("index").resolve(name)));
        }
        done("index build --factors factors --train train/shard-1.safetensors --out second --percent 3");
        done("index build --factors factors --train train/shard-0.safetensors --out first --percent 3");
        Ran merged = run("index merge --out merged " + folder.resolve("first") + " " + folder.resolve("second"));
        assertEquals(0, merged.exitCode(), merged.err());
        assertArrayEquals(
                Files.readAllBytes(folder.resolve("whole/signs-000001.safetensors")),
                Files.readAllBytes(folder.resolve("merged/signs-000001.safetensors")));
        Path file = folder.resolve("index/signs-000003.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 100] ^= 4;
        Files.write(file, bytes);
        assertEquals(3, run("index info index").exitCode());
    }

    @Test
    void coordinatesAreAskedWithAnyDamping() throws IOException {
        done("index build --factors factors --train train --out index --percent 3 --section both"
                + " --coordinates-percent 11");
        assertTrue(done("index info index").out().contains("coordinates: true"));
        done("index query --index index --factors factors --queries queries --top-k 3 --section coordinates --out own");
        List<String> lines = Files.readAllLines(folder.resolve("own/top_estimates.csv"));
        assertTrue(lines.get(1).endsWith(","), "no standard error: " + lines.get(1));
        done(
                "score --factors factors --train train --queries queries --top-k 3 --format csv --damping 1x --out scores");
        done("index query --index index --factors factors --queries queries --rescore train --candidates 300 --top-k 3"
                + " --section coordinates --damping 1x --format csv --out exact");
        assertEquals(
                examples(folder.resolve("scores/top_scores.csv")), examples(folder.resolve("exact/top_scores.csv")));
        assertEquals(
                2,
                run("index query --index index --factors factors --queries queries --damping 1x --out never")
                        .exitCode());
        assertEquals(
                2,
                run("index build --factors factors --train train --out never --coordinates-percent 1")
                        .exitCode());
        assertEquals(
                2,
                run("index build --factors factors --train train --out never --section coordinates --percent 1"
                                + " --coordinates-percent 1")
                        .exitCode());
    }

    @Test
    void withCoordinatesOnlyThePercentIsTheirs() {
        String build = "index build --factors factors --train train --section coordinates --out ";
        String said = done(build + "one --percent 9").out();
        assertTrue(said.contains("signs: false"), said);
        String same = done(build + "two --coordinates-percent 9").out();
        assertEquals(bytes(said), bytes(same));
        assertEquals(
                "bytes a training example: 18",
                bytes(done(build + "three --bytes 20").out()));
    }

    @Test
    void aPlanSaysWhatAnIndexTakes() throws IOException {
        String said = done("plan --captures train --index-percent 3 --index-coordinates-percent 9")
                .out();
        String built = done("index build --factors factors --train train --section both --percent 3"
                        + " --coordinates-percent 9 --out index")
                .out();
        String bytes = bytes(built).replaceAll("\\D", "");
        assertTrue(said.contains("index: " + bytes + " bytes a sequence"), said + built);
        assertTrue(said.contains("other sizes were not measured"), said);
        String json = done("plan --captures train --index-percent 3 --json").out();
        assertTrue(json.contains("\"index\""), json);
        assertEquals(
                2, run("plan --captures train --index-percent 3 --executors 2").exitCode());
        assertEquals(2, run("plan --captures train --index-percent -1").exitCode());
    }

    private static String bytes(String said) {
        return said.lines()
                .filter(line -> line.startsWith("bytes a "))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void anIndexKnowsItsFactorsAndItsOptions() throws IOException {
        done("index build --factors factors --train train/shard-0.safetensors --out index --percent 3 --seed 7"
                + " --damping 0.5x");
        assertEquals(
                5,
                Influence.run(List.of(
                                "index", "abandon", folder.resolve("index").toString()))
                        .exitCode());
        assertEquals(
                5,
                run("index append --factors factors --train train --out nowhere")
                        .exitCode());
        done("index append --factors factors --train train --out index");
        assertTrue(done("index info index").out().contains("training examples: 300"));
        done("index query --index index --queries queries --top-k 3 --out own");
        done("index query --index index --factors factors --queries queries --top-k 3 --out given");
        assertEquals(
                Files.readString(folder.resolve("given/top_estimates.csv")),
                Files.readString(folder.resolve("own/top_estimates.csv")));
        assertEquals(
                3,
                run("index append --factors factors --train train --out index --percent 1")
                        .exitCode());
        Files.move(folder.resolve("factors"), folder.resolve("moved"));
        Ran without = run("index query --index index --queries queries --out never");
        assertEquals(3, without.exitCode(), without.err());
        assertTrue(without.err().contains("are not there now; give them with --factors"), without.err());
        done("index audit --index index --factors moved --queries queries --train train --top-k 3 --candidates 20");
    }

    @Test
    void anAuditSaysWhatCandidatesMiss() {
        done("index build --factors factors --train train --out index --percent 3");
        String audit =
                "index audit --index index --factors factors --queries queries --train train --top-k 3 --sample 30";
        String few = done(audit + " --candidates 10").out();
        assertTrue(few.contains("sampled pairs: 1500"), few);
        assertTrue(few.contains("recall at 3 at least"), few);
        // two of 300 are left out: what is better than the third best candidate is hardly among them
        String most = done(audit + " --candidates 298").out();
        assertTrue(most.contains("sampled pairs: 100") && most.contains("of these better: 0"), most);
        assertEquals(3, run(audit + " --candidates 2").exitCode());
    }

    @Test
    void whatIsWrongIsSaid() {
        Ran beside = run("index build --factors factors --train train --out train --percent 3");
        assertEquals(3, beside.exitCode(), beside.err());
        assertTrue(beside.err().contains("give them a folder of their own"), beside.err());
        assertEquals(2, run("index").exitCode());
        assertEquals(
                2,
                run("index build --factors factors --train train --out index --percent 0")
                        .exitCode());
        Ran large = run("index build --factors factors --train train --out index --percent 50");
        assertEquals(3, large.exitCode(), large.err());
        assertEquals(
                3,
                run("index build --factors factors --train queries --out index --percent 3")
                        .exitCode());
        done("index build --factors factors --train train --out index --percent 3");
        assertEquals(
                2,
                run("index query --index index --factors factors --queries queries --candidates 5 --out out")
                        .exitCode());
        done("fit --captures sampled --out others --strategy kfac --backend openblas");
        Ran other = run("index query --index index --factors others --queries queries --out out");
        assertEquals(3, other.exitCode());
        assertTrue(other.err().contains("index was built with the factors"), other.err());
    }
}
