package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.cli.Influence.Ran;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.scores.ScoreReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Scores per copy of an example, sign and unit in words, and a sweep over dampings. */
class PerCopyTest {

    private static final int EXAMPLES = 12;

    @TempDir
    private Path folder = Path.of("");

    @BeforeEach
    void fit() throws IOException {
        new MadeCaptures(30, MadeCaptures.Labels.DRAWN).write(folder.resolve("sampled"), CaptureObjective.SAMPLED, 30);
        new MadeCaptures(EXAMPLES, MadeCaptures.Labels.DRAWN)
                .write(folder.resolve("train"), CaptureObjective.TRAINING, 5);
        new MadeCaptures(3, MadeCaptures.Labels.DRAWN)
                .write(folder.resolve("queries"), CaptureObjective.MEASUREMENT, 3);
        Files.write(
                folder.resolve("train.jsonl"),
                IntStream.range(100, 100 + EXAMPLES)
                        .mapToObj(e -> "{\"id\": " + e + ", \"text\": \"t\", \"half\": " + e % 2 + "}")
                        .toList());
        done("fit --captures @sampled --out @factors");
    }

    private Ran done(String line) {
        Ran ran = Influence.runIn(folder, line);
        assertEquals(0, ran.exitCode(), ran.err());
        return ran;
    }

    private Ran score(String options) {
        return done("score --factors @factors --train @train --queries @queries " + options);
    }

    private InfluenceScores scores(String name) throws IOException {
        return ScoreReader.pairwise(folder.resolve(name));
    }

    /** Defect: nothing said what sign and unit the numbers have. */
    @Test
    void signAndUnitAreSaid() {
        Ran plain = score("--out @plain");
        assertTrue(
                plain.out().contains("sign: positive helps: more weight on the example lowers what was measured"),
                plain::out);
        assertTrue(
                plain.out().contains("unit: per unit of weight, where all 12 training examples together"), plain::out);
        Ran copy = score("--out @copy --per-copy");
        assertTrue(copy.out().contains("unit: per copy: by about how much"), copy::out);
    }

    @Test
    void perCopyIsTheScoreDividedByAllTrainingExamples() throws IOException {
        score("--out @plain --per-layer --per-token");
        score("--out @copy --per-layer --per-token --per-copy");
        requireScaled(scores("plain"), scores("copy"));
        Files.writeString(folder.resolve("some.json"), "{\"ids\": [103, 104, 110]}");
        score("--out @some --only @some.json");
        score("--out @somecopy --only @some.json --per-copy");
        requireScaled(scores("some"), scores("somecopy"));
        score("--out @top --top-k 2 --per-layer");
        score("--out @topcopy --top-k 2 --per-layer --per-copy");
        TopInfluences top = ScoreReader.top(folder.resolve("top"));
        TopInfluences copy = ScoreReader.top(folder.resolve("topcopy"));
        for (int q = 0; q < 3; q++) {
            requireScaled(top.kept(q), copy.kept(q));
        }
    }

    private static void requireScaled(InfluenceScores plain, InfluenceScores copy) {
        for (int q = 0; q < plain.queryIds().length; q++) {
            for (int z = 0; z < plain.trainIds().length; z++) {
                double score = plain.score(q, z);
                assertEquals(score / EXAMPLES, copy.score(q, z), 1e-15 * Math.abs(score));
            }
        }
    }

    /** A run that is done is not taken for one in the other unit. */
    @Test
    void theOtherUnitIsAnotherRun() {
        score("--out @scores");
        Ran other = Influence.runIn(
                folder, "score --factors @factors --train @train --queries @queries --out @scores --per-copy --resume");
        assertEquals(5, other.exitCode(), other.err());
    }

    /** Defect: sums over some of the examples were divided by their number, not by that of the training set. */
    @Test
    void groupsArePerCopyOfTheWholeTrainingSetInEitherUnit() throws IOException {
        Files.writeString(folder.resolve("some.json"), "{\"ids\": [103, 104, 110]}");
        score("--out @some --only @some.json");
        score("--out @copy --only @some.json --per-copy");
        InfluenceScores some = scores("some");
        double sum = some.score(0, 1) + some.score(0, 2);
        for (String name : List.of("some", "copy")) {
            JsonNode json = JsonMapper.builder()
                    .build()
                    .readTree(done("groups --scores @" + name + " --texts @train.jsonl --group-by half --json")
                            .out());
            for (JsonNode group : json.get("questions").get(0).get("groups")) {
                if (group.get("group").asString().equals("0")) {
                    assertEquals(sum, group.get("sum").asDouble(), 1e-12 * Math.abs(sum));
                    assertEquals(sum / EXAMPLES, group.get("per copy").asDouble(), 1e-12 * Math.abs(sum));
                }
            }
        }
    }

    @Test
    void severalDampingsHaveAFolderEachAndAreCompared() throws IOException {
        Ran ran = score("--out @sweep --damping 0.1x,1x,2.5 --json");
        JsonNode json = JsonMapper.builder().build().readTree(ran.out());
        assertEquals(3, json.get("dampings").size());
        for (String damping : List.of("0.1x", "1x", "2.5")) {
            score("--out @one-" + damping + " --damping " + damping);
            InfluenceScores one = scores("one-" + damping);
            InfluenceScores swept = scores("sweep/damping-" + damping);
            for (int q = 0; q < 3; q++) {
                assertTrue(java.util.Arrays.equals(one.row(q), swept.row(q)), damping);
            }
        }
        JsonNode first = json.get("dampings").get(0);
        assertEquals(
                1,
                first.get("share of the first damping's 10 best among these 10 best")
                        .asDouble());
        assertTrue(first.get("best score per copy, mean over queries").asDouble()
                > json.get("dampings")
                        .get(2)
                        .get("best score per copy, mean over queries")
                        .asDouble());
        score("--out @topsweep --top-k 2 --damping 0.1x,1x");
        Ran twice = Influence.runIn(
                folder, "score --factors @factors --train @train --queries @queries --out @x --damping 1x,1x");
        assertEquals(2, twice.exitCode());
        assertFalse(Files.exists(folder.resolve("x")));
        done("self --factors @factors --train @train --out @self --damping 0.1x,1x");
    }
}
