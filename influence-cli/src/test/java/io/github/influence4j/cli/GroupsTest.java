package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.cli.Influence.Ran;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.scores.ScoreReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sums of scores by a field of the training set's lines. */
class GroupsTest {

    private static final int EXAMPLES = 12;
    private static final List<String> AUTHORS = List.of("Ann", "B\u00f6ll", "Carr\u001b[2J");

    @TempDir
    private Path folder = Path.of("");

    @BeforeEach
    void score() throws IOException {
        new MadeCaptures(30, MadeCaptures.Labels.DRAWN).write(folder.resolve("sampled"), CaptureObjective.SAMPLED, 30);
        new MadeCaptures(EXAMPLES, MadeCaptures.Labels.DRAWN)
                .write(folder.resolve("train"), CaptureObjective.TRAINING, 5);
        new MadeCaptures(3, MadeCaptures.Labels.DRAWN)
                .write(folder.resolve("queries"), CaptureObjective.MEASUREMENT, 3);
        done("fit --captures @sampled --out @factors");
        done("score --factors @factors --train @train --queries @queries --out @scores");
        // ids of the captures begin at 100; the lines stand in another order
        lines(IntStream.range(0, EXAMPLES)
                .mapToObj(e -> (7 * e + 3) % EXAMPLES)
                .map(e -> "{\"id\": " + (100 + e) + ", \"text\": \"t\", \"author\": \"" + escaped(e) + "\", \"year\": "
                        + (1900 + e % 2) + "}")
                .toList());
    }

    private static String escaped(int e) {
        return AUTHORS.get(e % 3).replace("\u001b", "\\u001b");
    }

    private void lines(List<String> lines) throws IOException {
        Files.write(folder.resolve("train.jsonl"), lines);
    }

    private Ran done(String line) {
        Ran ran = Influence.runIn(folder, line);
        assertEquals(0, ran.exitCode(), ran.err());
        return ran;
    }

    @Test
    void sumsAreThoseOfTheScores() throws IOException {
        Ran ran = done("groups --scores @scores --texts @train.jsonl --group-by author --out @sums.csv");
        InfluenceScores scores = ScoreReader.pairwise(folder.resolve("scores"));
        List<List<String>> rows = Files.readAllLines(folder.resolve("sums.csv")).stream()
                .skip(1)
                .map(line -> List.of(line.split(",")))
                .toList();
        assertEquals(9, rows.size());
        for (int q = 0; q < 3; q++) {
            double before = Double.POSITIVE_INFINITY;
            for (List<String> row : rows.subList(3 * q, 3 * q + 3)) {
                int author = AUTHORS.indexOf(row.get(1));
                int query = q;
                int[] members = IntStream.range(0, EXAMPLES)
                        .filter(e -> e % 3 == author)
                        .toArray();
                double sum = IntStream.of(members)
                        .mapToDouble(e -> scores.score(query, e))
                        .sum();
                assertEquals(Long.toString(scores.queryIds()[q]), row.get(0));
                assertEquals(4, Integer.parseInt(row.get(2)));
                assertEquals(sum, Double.parseDouble(row.get(3)), 1e-12 * Math.abs(sum));
                assertEquals(sum / EXAMPLES, Double.parseDouble(row.get(4)), 1e-12 * Math.abs(sum));
                double best = IntStream.of(members)
                        .mapToDouble(e -> scores.score(query, e))
                        .max()
                        .orElseThrow();
                assertEquals(best, scores.score(q, (int) (Long.parseLong(row.get(5)) - 100)));
                assertTrue(sum <= before, "from helpful to harmful");
                before = sum;
            }
        }
        assertTrue(ran.out().contains("question 100, 3 groups of 12 examples:"), ran::out);
        assertTrue(ran.out().chars().noneMatch(c -> c == 27), "a terminal is not told what a text says");
    }

    @Test
    void numbersNameGroupsTooAndJsonHoldsAll() {
        Ran ran = done("groups --scores @scores --texts @train.jsonl --group-by year --json");
        assertTrue(ran.out().contains("\"1900\"") && ran.out().contains("\"per copy\""), ran::out);
    }

    @Test
    void whatHasNoGroupIsRefused() throws IOException {
        Ran missing = Influence.runIn(folder, "groups --scores @scores --texts @train.jsonl --group-by editor");
        assertEquals(3, missing.exitCode());
        assertTrue(missing.err().contains(" has no field \"editor\""), missing::err);
        done("score --factors @factors --train @train --queries @queries --out @best --top-k 2");
        Ran best = Influence.runIn(folder, "groups --scores @best --texts @train.jsonl --group-by author");
        assertEquals(3, best.exitCode());
        assertTrue(best.err().contains("score without --top-k"), best::err);
        lines(Files.readAllLines(folder.resolve("train.jsonl")).stream().skip(1).collect(Collectors.toList()));
        Ran fewer = Influence.runIn(folder, "groups --scores @scores --texts @train.jsonl --group-by author");
        assertEquals(3, fewer.exitCode());
        assertTrue(fewer.err().contains("has no line for training example"), fewer::err);
    }
}
