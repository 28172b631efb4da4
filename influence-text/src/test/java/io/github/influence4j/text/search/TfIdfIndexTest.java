package io.github.influence4j.text.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Influence;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.lucene.store.FSDirectory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TfIdfIndexTest {

    private static final double K1 = 1.5;

    /** Eq. 28-29 as they are printed, in loops. */
    private static double[] plain(List<int[]> corpus, int[] query) {
        double[] scores = new double[corpus.size()];
        for (int token : Arrays.stream(query).distinct().toArray()) {
            long holding = corpus.stream().filter(z -> holds(z, token)).count();
            double idf = Math.log((corpus.size() - holding + 0.5) / (holding + 0.5) + 1);
            for (int z = 0; z < scores.length; z++) {
                double e = holds(corpus.get(z), token) ? 1 : 0;
                scores[z] += (K1 + 1) * e / (K1 + e) * idf;
            }
        }
        return scores;
    }

    private static boolean holds(int[] sequence, int token) {
        return Arrays.stream(sequence).anyMatch(t -> t == token);
    }

    /** Tokens of very different frequencies, some sequences with repeats. */
    private static List<int[]> corpus(long seed, int size) {
        SplittableRandom random = new SplittableRandom(seed);
        List<int[]> corpus = new ArrayList<>();
        for (int z = 0; z < size; z++) {
            int[] sequence = new int[1 + random.nextInt(20)];
            Arrays.setAll(sequence, t -> (int) (50 * Math.pow(random.nextDouble(), 3)));
            corpus.add(sequence);
        }
        return corpus;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void scoresAreThePapersFormula(long seed) {
        List<int[]> corpus = corpus(seed, 300);
        int[] query = {0, 1, 7, 7, 23, 49, 1000};
        double[] expected = plain(corpus, query);
        double largest = Arrays.stream(expected).max().orElseThrow();
        try (TfIdfIndex index = TfIdfIndex.of(ExampleSource.of(corpus), z -> z)) {
            List<TfIdfMatch> found = index.search(query, corpus.size());
            assertEquals(Arrays.stream(expected).filter(x -> x > 0).count(), found.size());
            for (TfIdfMatch match : found) {
                assertEquals(
                        expected[(int) match.id()],
                        match.score(),
                        Tolerances.REORDERED_FLOAT32 * largest,
                        "sequence " + match.id());
            }
            assertTrue(inOrder(found), "highest first, ties in the order of the corpus");
            assertEquals(found.subList(0, 17), index.search(query, 17));
            assertEquals(300, index.size());
        }
    }

    private static boolean inOrder(List<TfIdfMatch> found) {
        return found.stream()
                .sorted(Comparator.comparingDouble((TfIdfMatch m) -> -m.score()).thenComparing(TfIdfMatch::id))
                .toList()
                .equals(found);
    }

    @Test
    void idsOfTheHostAreKept() {
        ExampleSource<int[]> source =
                ExampleSource.of(List.of(new int[] {1, 2}, new int[] {2, 3}), new long[] {70, -5});
        try (TfIdfIndex index = TfIdfIndex.of(source, z -> z)) {
            assertEquals(-5, index.search(new int[] {3}, 5).get(0).id());
            assertEquals(List.of(), index.search(new int[] {4}, 5));
        }
    }

    @Test
    void anIndexMayLieInAFolder(@TempDir Path folder) throws IOException {
        List<int[]> corpus = corpus(4, 2500);
        int[] query = {3, 30, 40};
        try (TfIdfIndex onDisk = TfIdfIndex.in(FSDirectory.open(folder), ExampleSource.of(corpus), z -> z);
                TfIdfIndex inMemory = TfIdfIndex.of(ExampleSource.of(corpus), z -> z)) {
            assertEquals(inMemory.search(query, 100), onDisk.search(query, 100));
        }
    }

    @Test
    void recallIsTheShareThatIsKept() {
        List<int[]> corpus = List.of(new int[] {1}, new int[] {1, 2}, new int[] {3}, new int[] {2});
        List<Influence> best = List.of(new Influence(1, 9), new Influence(2, 8), new Influence(0, 7));
        try (TfIdfIndex index = TfIdfIndex.of(ExampleSource.of(corpus), z -> z)) {
            assertEquals(1 / 3.0, index.recall(new int[] {1, 2}, 1, best));
            assertEquals(2 / 3.0, index.recall(new int[] {1, 2}, 2, best), "sequence 2 shares no token");
            assertThrows(IllegalArgumentException.class, () -> index.recall(new int[] {1}, 1, List.of()));
        }
    }

    @Test
    void badInputIsRefused() {
        ExampleSource<int[]> none = ExampleSource.of(List.of());
        assertThrows(IllegalArgumentException.class, () -> TfIdfIndex.of(none, z -> z));
        ExampleSource<int[]> blank = ExampleSource.of(List.of(new int[] {1}, new int[0]));
        assertTrue(refusal(() -> TfIdfIndex.of(blank, z -> z)).contains("sequence 1"));
        try (TfIdfIndex index = TfIdfIndex.of(ExampleSource.of(List.of(new int[] {1})), z -> z)) {
            assertThrows(IllegalArgumentException.class, () -> index.search(new int[0], 1));
            assertThrows(IllegalArgumentException.class, () -> index.search(new int[] {1}, 0));
            int[] many = new int[1025];
            Arrays.setAll(many, t -> t);
            assertTrue(refusal(() -> index.search(many, 1)).contains("1025"));
        }
    }

    private static String refusal(Executable call) {
        return String.valueOf(assertThrows(IllegalArgumentException.class, call).getMessage());
    }
}
