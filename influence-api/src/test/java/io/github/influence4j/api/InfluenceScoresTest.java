package io.github.influence4j.api;

import static io.github.influence4j.api.Refusals.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class InfluenceScoresTest {

    private static final Provenance PROVENANCE = Provenance.here("test", Precision.FLOAT64, Optional.empty());
    private static final double[][][] NO_TOKENS = new double[0][][];

    private final InfluenceScores scores = new InfluenceScores(
            new long[] {100, 200},
            new long[] {7, 8, 9},
            new double[][] {{1, 2, 3}, {-4, 5, -6}},
            Map.of("fc", new double[][] {{1, 1, 1}, {2, 2, 2}}),
            new double[][][] {{{1}, {2, 0}, {3}}, {{-4}, {4, 1}, {-6}}},
            PROVENANCE);

    @Property(tries = 300)
    void bestAndWorstAreThoseOfSorting(
            @ForAll @IntRange(min = 0, max = 25) int size,
            @ForAll @IntRange(min = 0, max = 28) int k,
            @ForAll @IntRange(min = 1, max = 30) int distinct,
            @ForAll long seed) {
        Random random = new Random(seed);
        double[] row = random.ints(size, 0, distinct).asDoubleStream().toArray();
        long[] ids = new long[size];
        Arrays.setAll(ids, z -> 50L - z);
        InfluenceScores some = plain(new long[1], ids, new double[][] {row});
        List<Influence> sorted = new ArrayList<>();
        for (int z = 0; z < size; z++) {
            sorted.add(new Influence(ids[z], row[z]));
        }
        sorted.sort(Comparator.comparingDouble(Influence::score)); // stable, so ties stay in order
        assertEquals(sorted.subList(0, Math.min(k, size)), some.bottomK(0, k));
        sorted.sort(Comparator.comparingInt((Influence z) -> 50 - (int) z.trainId()));
        sorted.sort(Comparator.comparingDouble(Influence::score).reversed());
        assertEquals(sorted.subList(0, Math.min(k, size)), some.topK(0, k));
    }

    @Test
    void anyNumberOfBestCanBeAskedFor() {
        assertEquals(3, scores.topK(0, Integer.MAX_VALUE).size());
        assertEquals(List.of(), scores.topK(0, 0));
        refused(() -> scores.topK(0, -1), "found -1");
    }

    /** NaN among scores is seen at both ends, in the order of the training set. */
    @Test
    void whatIsNotANumberComesFirstAtBothEnds() {
        InfluenceScores some = plain(new long[1], new long[] {1, 2, 3, 4}, new double[][] {
            {1, Double.NaN, Double.NEGATIVE_INFINITY, Double.NaN}
        });
        assertEquals(List.of(2L, 4L, 1L), ids(some.topK(0, 3)));
        assertEquals(List.of(2L, 4L, 3L), ids(some.bottomK(0, 3)));
        SelfInfluence self = new SelfInfluence(new long[] {7, 8}, new double[] {1, Double.NaN}, Map.of(), PROVENANCE);
        assertEquals(List.of(8L, 7L), ids(self.ranking()));
    }

    private static List<Long> ids(List<Influence> ranked) {
        return ranked.stream().map(Influence::trainId).toList();
    }

    @Test
    void rowsAndColumnsThatAreNotThereAreRefusedInWords() {
        refused(() -> scores.topK(99, 10), "query 99 was asked for, but there are 2");
        refused(() -> scores.bottomK(-1, 10), "query -1 was asked for, but there are 2");
        refused(() -> scores.score(0, 9999), "training example 9999 was asked for, but there are 3");
        refused(() -> scores.row(2), "query 2 was asked for");
        refused(() -> scores.tokens(0, 3), "training example 3 was asked for");
        refused(() -> scores.groupSums(2, id -> id), "query 2 was asked for");
    }

    @Test
    void whatIsKeptOfAQueryHasItsParts() {
        TopInfluences top = TopInfluences.of(scores, 1);
        InfluenceScores kept = top.kept(1);
        assertArrayEquals(new long[] {200}, kept.queryIds());
        assertArrayEquals(new long[] {8, 9}, kept.trainIds());
        assertArrayEquals(new double[] {5, -6}, kept.row(0));
        assertArrayEquals(new double[][] {{2, 2}}, kept.layer("fc").toArray());
        assertArrayEquals(new double[] {4, 1}, kept.tokens(0, 0));
        assertArrayEquals(new double[] {-6}, kept.tokens(0, 1));
        TopInfluences without = top.withParts(List.of());
        assertArrayEquals(new double[] {5, -6}, without.kept(1).row(0));
        assertFalse(without.kept(1).hasTokens());
        // with k as large as the training set, every example is at both ends and is kept once
        assertArrayEquals(
                new long[] {9, 8, 7}, TopInfluences.of(scores, 3).kept(0).trainIds());
        assertArrayEquals(new double[] {-4, 5, -6}, scores.query(1).row(0));
        assertArrayEquals(new double[] {4, 1}, scores.query(1).tokens(0, 1));
        refused(() -> top.withParts(List.of(kept)), "expected those of 2 queries, found 1");
        refused(() -> top.kept(0, kept), "lack query 100");
        refused(() -> TopInfluences.of(scores, 3).kept(1, kept), "lack example 7");
    }

    @Test
    void resultsSayForAPersonWhatTheyAre() {
        assertEquals(
                "scores of 3 training examples for 2 queries, per layer [fc], per token; query 100: most helpful 9 (3.0), most"
                        + " harmful 7 (1.0)",
                scores.toString());
        assertEquals(
                "scores of 0 training examples for 0 queries", plain(new long[0], new long[0], new double[0][]) + "");
        assertEquals(
                "self-influence of 2 training examples, per layer [fc]; highest 4 (6.0)",
                new SelfInfluence(new long[] {3, 4}, new double[] {5, 6}, Map.of("fc", new double[] {5, 6}), PROVENANCE)
                        .toString());
        assertEquals(
                "best and worst training examples of 1 query; query 100: most helpful 9 (3.0), most harmful 7 (1.0)",
                new TopInfluences(List.of(100L), List.of(scores.topK(0, 1)), List.of(scores.bottomK(0, 1)), PROVENANCE)
                        .toString());
    }

    @Test
    void progressIsPrintedLineByLine() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ProgressListener listener = ProgressListener.printing(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        listener.progress("scores", 512, 60_000);
        assertEquals("scores: 512 of 60000" + System.lineSeparator(), bytes.toString(StandardCharsets.UTF_8));
    }

    @Test
    void partsAreGivenByRowLayerAndToken() {
        assertArrayEquals(new long[] {100, 200}, scores.queryIds());
        assertArrayEquals(new long[] {7, 8, 9}, scores.trainIds());
        assertEquals(5, scores.score(1, 1));
        assertArrayEquals(new double[] {-4, 5, -6}, scores.row(1));
        assertArrayEquals(
                new double[][] {{1, 2, 3}, {-4, 5, -6}}, scores.matrix().toArray());
        assertEquals(List.of("fc"), scores.layers());
        assertArrayEquals(
                new double[][] {{1, 1, 1}, {2, 2, 2}}, scores.layer("fc").toArray());
        assertTrue(scores.hasTokens());
        assertArrayEquals(new double[] {4, 1}, scores.tokens(1, 1));
        assertEquals(PROVENANCE, scores.provenance());
    }

    @Test
    void whatIsGivenIsACopy() {
        scores.row(0)[0] = 99;
        scores.trainIds()[0] = 99;
        scores.queryIds()[0] = 99;
        scores.tokens(0, 0)[0] = 99;
        assertEquals(1, scores.score(0, 0));
        assertEquals(7, scores.trainIds()[0]);
        assertEquals(100, scores.queryIds()[0]);
        assertArrayEquals(new double[] {1}, scores.tokens(0, 0));
    }

    @Test
    void missingPartsAreRefused() {
        InfluenceScores bare = plain(new long[1], new long[1], new double[1][1]);
        assertFalse(bare.hasTokens());
        assertEquals(List.of(), bare.layers());
        refused(IllegalStateException.class, () -> bare.tokens(0, 0), "per token");
        refused(() -> bare.layer("fc"), "no scores of layer fc", "[]");
        refused(() -> scores.layer("other"), "no scores of layer other", "[fc]");
    }

    @Test
    void timesMultipliesEveryPart() {
        InfluenceScores halved = scores.times(0.5);
        assertArrayEquals(new double[] {-2, 2.5, -3}, halved.row(1));
        assertArrayEquals(new double[] {1, 1, 1}, halved.layer("fc").toArray()[1]);
        assertArrayEquals(new double[] {2, 0.5}, halved.tokens(1, 1));
        assertEquals("0.5", halved.provenance().options().get("scaled by"));
        assertEquals(5, scores.score(1, 1));
    }

    /** Parts by layer and token go wherever the other parts go. */
    @Test
    void partsOfLayersAndTokensAreKeptTogether() {
        double[][][] part = {{{0.5}, {2, -1}, {3}}, {{-4}, {1, 0}, {2}}};
        InfluenceScores both = scores.withLayerTokens(Map.of("fc", part));
        assertEquals(List.of("fc"), both.tokenLayers());
        both.tokens("fc", 0, 1)[0] = 99;
        assertArrayEquals(new double[] {2, -1}, both.tokens("fc", 0, 1));
        assertArrayEquals(new double[] {1, 0}, both.query(1).tokens("fc", 0, 1));
        assertArrayEquals(new double[] {4, -2}, both.times(2).tokens("fc", 0, 1));
        assertArrayEquals(
                new double[] {1.5, -0.5}, both.overQueries(QueryAggregate.MEAN).tokens("fc", 0, 1));
        InfluenceScores kept = TopInfluences.of(both, 1).kept(1);
        assertArrayEquals(new double[] {1, 0}, kept.tokens("fc", 0, 0));
        assertArrayEquals(new double[] {2}, kept.tokens("fc", 0, 1));
        assertEquals(List.of(), scores.tokenLayers());
        refused(() -> scores.tokens("fc", 0, 0), "no scores per token of layer fc; kept are []");
        refused(() -> both.tokens("fc", 2, 0), "query 2 was asked for");
        refused(
                () -> scores.withLayerTokens(Map.of("fc", new double[1][3][1])),
                "scores per token of layer fc: expected 2 queries, found 1");
    }

    @Test
    void groupsSumInTheOrderTheyAppear() {
        Map<String, Double> sums = scores.groupSums(1, id -> id == 8 ? "even" : "odd");
        assertEquals(Map.of("odd", -10.0, "even", 5.0), sums);
        assertEquals(List.of("odd", "even"), List.copyOf(sums.keySet()));
    }

    @Test
    void averageIsTheMeanOfTotals() {
        InfluenceScores mean = InfluenceScores.average(List.of(scores, scores.times(3)));
        assertArrayEquals(new double[] {2, 4, 6}, mean.row(0));
        assertEquals(List.of(), mean.layers());
        assertFalse(mean.hasTokens());
        assertEquals("2", mean.provenance().options().get("averaged over models"));
        refused(() -> InfluenceScores.average(List.of()), "no scores");
        InfluenceScores otherTrain = plain(new long[] {100, 200}, new long[] {7, 8, 10}, new double[2][3]);
        InfluenceScores otherQueries = plain(new long[] {100, 201}, new long[] {7, 8, 9}, new double[2][3]);
        refused(() -> InfluenceScores.average(List.of(scores, otherTrain)), "cannot be averaged");
        refused(() -> InfluenceScores.average(List.of(scores, otherQueries)), "cannot be averaged");
    }

    @Test
    void shapesThatDoNotFitAreRefused() {
        long[] two = {1, 2};
        long[] three = {1, 2, 3};
        refused(() -> plain(two, three, new double[1][3]), "scores: expected 2 queries, found 1");
        refused(() -> plain(two, three, new double[2][4]), "scores: expected 3 training examples, found 4");
        refused(
                () -> new InfluenceScores(
                        two, three, new double[2][3], Map.of("fc", new double[2][2]), NO_TOKENS, PROVENANCE),
                "scores of layer fc: expected 3 training examples, found 2");
        refused(
                () -> new InfluenceScores(two, three, new double[2][3], Map.of(), new double[3][3][1], PROVENANCE),
                "scores per token: expected 2 queries, found 3");
        refused(
                () -> new InfluenceScores(two, three, new double[2][3], Map.of(), new double[2][1][1], PROVENANCE),
                "scores per token: expected 3 training examples, found 1");
    }

    @Test
    void selfInfluenceRanksWithTiesByPosition() {
        double[] part = {1, 1, 1, 1};
        Map<String, double[]> perLayer = new HashMap<>(Map.of("fc", part));
        SelfInfluence self =
                new SelfInfluence(new long[] {4, 3, 2, 1}, new double[] {5, 9, 5, 7}, perLayer, PROVENANCE);
        assertEquals(
                List.of(new Influence(3, 9), new Influence(1, 7), new Influence(4, 5), new Influence(2, 5)),
                self.ranking());
        perLayer.clear();
        self.ids()[0] = 99;
        self.scores()[0] = 99;
        self.layer("fc")[1] = 99;
        assertArrayEquals(new double[] {1, 1, 1, 1}, self.layer("fc"));
        assertArrayEquals(new double[] {5, 9, 5, 7}, self.scores());
        assertArrayEquals(new long[] {4, 3, 2, 1}, self.ids());
        assertEquals(PROVENANCE, self.provenance());
    }

    @Test
    void selfInfluenceOfWrongLengthIsRefused() {
        refused(() -> new SelfInfluence(new long[2], new double[3], Map.of(), PROVENANCE), "2 ids with 3 scores");
        refused(
                () -> new SelfInfluence(new long[2], new double[2], Map.of("fc", new double[1]), PROVENANCE),
                "layer fc: 2 ids with 1 scores");
        SelfInfluence self = new SelfInfluence(new long[2], new double[2], Map.of(), PROVENANCE);
        refused(() -> self.layer("fc"), "no scores of layer fc");
    }

    private static InfluenceScores plain(long[] queries, long[] train, double[][] total) {
        return new InfluenceScores(queries, train, total, Map.of(), NO_TOKENS, PROVENANCE);
    }
}
