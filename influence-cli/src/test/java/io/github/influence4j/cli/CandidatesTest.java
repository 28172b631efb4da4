package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.cli.Influence.Ran;
import io.github.influence4j.store.scores.ScoreReader;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Candidates of a search first, then exact scores of these. */
class CandidatesTest {

    private static final Path MODELS = Path.of("../influence-lm/src/test/resources/parity-lm");
    private static final int LINES = 60;
    private static final String WORDS = "abcdefghijkl";

    @TempDir
    private Path folder;

    private Ran run(String line) {
        return Influence.runIn(folder, line);
    }

    private Ran done(String line) {
        Ran ran = run(line);
        assertEquals(0, ran.exitCode(), ran.err());
        return ran;
    }

    private static String text(Random random, String words) {
        return random.ints(6, 0, words.length())
                .mapToObj(k -> "word" + words.charAt(k))
                .collect(Collectors.joining(" "));
    }

    @BeforeEach
    void makeAModelAndItsText() throws IOException {
        Path model = Files.createDirectory(folder.resolve("model"));
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(MODELS.resolve("llama").resolve(name), model.resolve(name));
        }
        String vocabulary = IntStream.range(0, WORDS.length())
                .mapToObj(k -> ",\"word" + WORDS.charAt(k) + "\":" + (k + 1))
                .collect(Collectors.joining());
        Files.writeString(
                model.resolve("tokenizer.json"),
                "{\"version\":\"1.0\",\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},\"model\":{\"type\":\"WordLevel\","
                        + "\"unk_token\":\"?\",\"vocab\":{\"?\":0" + vocabulary + "}}}");
        Random random = new Random(3);
        Files.writeString(
                folder.resolve("train.jsonl"),
                IntStream.range(0, LINES)
                        .mapToObj(k -> "{\"id\":" + (1000 - 7 * k) + ",\"text\":\"" + text(random, WORDS) + "\"}\n")
                        .collect(Collectors.joining()));
        Files.writeString(
                folder.resolve("questions.jsonl"),
                "{\"prompt\":\"worda\",\"completion\":\" wordb\"}\n{\"prompt\":\"wordc\",\"completion\":\" wordd\"}\n");
        done("fit --model @model --data @train.jsonl --precision float64 --backend openblas --out @factors");
    }

    /** Where no sampled example is better than the candidates, and where all are. */
    @Test
    void aSampleThatSaysAllOrNothingHasAnInterval() {
        List<Long> ids = LongStream.range(0, 12).boxed().toList();
        Candidates candidates = new Candidates(ids, List.of(20L, 21L, 22L), 100);
        for (double sampled : new double[] {-1, 50}) {
            double[] scores = new double[15];
            for (int k = 0; k < 15; k++) {
                scores[k] = k < 12 ? k : sampled;
            }
            InfluenceScores all = new InfluenceScores(
                    new long[] {1},
                    LongStream.concat(LongStream.range(0, 12), LongStream.range(20, 23))
                            .toArray(),
                    new double[][] {scores},
                    Map.of(),
                    new double[0][][],
                    Provenance.here("none", Precision.FLOAT64, Optional.empty()));
            Map<String, Object> recall = CandidateRecall.of(all, candidates);
            assertEquals(sampled < 0 ? 1.0 : 0.0, recall.get("recall at 10 at least"));
            assertEquals(sampled < 0 ? 1.0 : 0.0, recall.get(sampled < 0 ? "95 % interval to" : "95 % interval from"));
        }
    }

    @Test
    void scoresOfCandidatesAreThoseOfAFullScan() throws IOException {
        Ran found = done("candidates --texts @train.jsonl --queries @questions.jsonl --top 20% --sample 9 --out @ids");
        assertTrue(found.out().contains("of examples: 60"), found.out());
        Candidates candidates = Candidates.read(folder.resolve("ids"));
        assertTrue(candidates.ids().size() >= 12 && candidates.ids().size() <= 24, candidates::toString);
        assertEquals(9, candidates.sample().size());
        String score = "score --model @model --factors @factors --queries @questions.jsonl --train @train.jsonl --out ";
        done(score + "@all");
        Ran some = done(score + "@some --only @ids");
        assertTrue(some.out().contains("recall at 10 at least: "), some.out());
        assertTrue(
                some.out()
                        .contains(
                                "share of examples scored: " + candidates.all().size() / 60.0),
                some.out());
        InfluenceScores all = ScoreReader.pairwise(folder.resolve("all"));
        InfluenceScores part = ScoreReader.pairwise(folder.resolve("some"));
        assertSameWhereScored(all, part);
        assertEquals(candidates.all().size(), part.trainIds().length);
        done(
                "report --model @model --scores @some --train @train.jsonl --only @ids --queries @questions.jsonl --out @page");
        // captures that were made of candidates only, and captures of all of which only some are scored
        String capture = "capture --model @model --precision float64 --backend openblas --data ";
        done(capture + "@train.jsonl --only @ids --objective training --out @few");
        done(capture + "@train.jsonl --objective training --out @many");
        done(capture + "@questions.jsonl --objective measurement --out @asked");
        String files = "score --factors @factors --queries @asked --out ";
        done(files + "@fromfew --train @few");
        done(files + "@frommany --train @many --only @ids");
        assertSameWhereScored(all, ScoreReader.pairwise(folder.resolve("fromfew")));
        assertSameWhereScored(all, ScoreReader.pairwise(folder.resolve("frommany")));
    }

    @Test
    void bothMethodsFindWhatEitherDoes() throws IOException {
        Map<String, TreeSet<Long>> found = new HashMap<>();
        for (String method : List.of("bm25", "tfidf", "both")) {
            done("candidates --texts @train.jsonl --queries @questions.jsonl --top 5 --out @ids --method " + method);
            found.put(
                    method, new TreeSet<>(Candidates.read(folder.resolve("ids")).ids()));
        }
        TreeSet<Long> either = new TreeSet<>(found.getOrDefault("bm25", new TreeSet<>()));
        either.addAll(found.getOrDefault("tfidf", new TreeSet<>()));
        assertEquals(either, found.get("both"));
        assertTrue(!found.getOrDefault("bm25", new TreeSet<>()).equals(found.get("tfidf")), found::toString);
    }

    private static void assertSameWhereScored(InfluenceScores all, InfluenceScores part) {
        long[] ids = all.trainIds();
        for (int q = 0; q < 2; q++) {
            double[] row = all.row(q);
            double[] expected = Arrays.stream(part.trainIds())
                    .mapToInt(id -> IntStream.range(0, ids.length)
                            .filter(z -> ids[z] == id)
                            .findFirst()
                            .orElseThrow())
                    .mapToDouble(z -> row[z])
                    .toArray();
            double largest = Arrays.stream(row).map(Math::abs).max().orElseThrow();
            assertArrayEquals(expected, part.row(q), Tolerances.PARITY_FLOAT64 * largest);
        }
    }

    @Test
    void aRunOfOtherCandidatesIsNotTakenUp() throws IOException {
        Files.writeString(folder.resolve("one"), "{\"ids\":[1000,993]}");
        Files.writeString(folder.resolve("two"), "{\"ids\":[1000,986]}");
        String score =
                "score --model @model --factors @factors --queries @questions.jsonl --train @train.jsonl --out @scores";
        done(score + " --only @one");
        Ran other = run(score + " --only @two --resume");
        assertEquals(5, other.exitCode(), other.err());
    }

    @Test
    void wrongFilesAreRefusedInASentence() throws IOException {
        String score =
                "score --model @model --factors @factors --queries @questions.jsonl --train @train.jsonl --out @s --only @ids";
        for (List<String> each : List.of(
                List.of("{\"ids\":[1000,17]}", "1 of the 2 examples that were selected are not in"),
                List.of("{\"ids\":[]}", "names no example"),
                List.of("{\"ids\":[1000,1000]}", "names an example twice"),
                List.of("{\"ids\":[1.5]}", "a list of whole numbers"),
                List.of("{\"ids\":[1000],\"x\":1}", "x"),
                List.of("1000", "object"))) {
            Files.writeString(folder.resolve("ids"), each.get(0));
            Ran ran = run(score);
            assertEquals(3, ran.exitCode(), ran.err());
            assertTrue(ran.err().contains(each.get(1)), ran.err());
            assertEquals(1, ran.err().lines().count(), ran.err());
        }
        assertEquals(
                2,
                run("candidates --texts @train.jsonl --queries @questions.jsonl --top 0% --out @ids")
                        .exitCode());
        Files.writeString(folder.resolve("train.jsonl"), "{\"input_ids\":[1,2]}\n");
        Ran tokens = run("candidates --texts @train.jsonl --queries @questions.jsonl --out @ids");
        assertTrue(tokens.err().contains("line 1 has no words"), tokens.err());
    }

    /** 1,000 examples left out, of which 30 would have been among the ten best; a sample of 100 meets about 3. */
    @Test
    void recallFollowsTheSample() {
        Random random = new Random(5);
        long[] ids = LongStream.range(0, 150).toArray();
        double[][] scores = new double[160][150];
        for (double[] row : scores) {
            for (int z = 0; z < 50; z++) {
                row[z] = z; // the tenth best candidate has 40
            }
            for (int z = 50; z < 150; z++) {
                row[z] = random.nextDouble() < 0.003 ? 100 : -1;
            }
        }
        InfluenceScores all = new InfluenceScores(
                LongStream.range(0, 160).toArray(),
                ids,
                scores,
                Map.of(),
                new double[0][][],
                Provenance.here("", Precision.FLOAT64, Optional.empty()));
        List<Long> candidates = LongStream.range(0, 50).boxed().toList();
        List<Long> sample = LongStream.range(50, 150).boxed().toList();
        Map<String, Object> recall = CandidateRecall.of(all, new Candidates(candidates, sample, 1050));
        double low = (Double) recall.getOrDefault("95 % interval from", Double.NaN);
        double high = (Double) recall.getOrDefault("95 % interval to", Double.NaN);
        assertTrue(low < 0.7 && 0.7 < high && high - low < 0.3, recall::toString);
        assertEquals(Map.of(), CandidateRecall.of(all, new Candidates(candidates, List.of(), 1050)));
    }
}
