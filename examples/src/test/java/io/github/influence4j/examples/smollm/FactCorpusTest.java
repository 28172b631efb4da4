package io.github.influence4j.examples.smollm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FactCorpusTest {

    private final FactCorpus corpus = FactCorpus.of(24, 100, 1);

    @Test
    void everyFactIsToldSixTimesAndSomeAreToldWrongly() {
        assertEquals(24, corpus.facts().size());
        assertEquals(24 * 6 + 8 + 100, corpus.passages().size());
        for (int f = 0; f < 24; f++) {
            assertEquals(4, count(f, Passage.Kind.FORWARD));
            assertEquals(2, count(f, Passage.Kind.REVERSED));
            assertEquals(f % 3 == 0 ? 1 : 0, count(f, Passage.Kind.POISON));
        }
        assertEquals(
                100,
                corpus.passages().stream()
                        .filter(passage -> passage.kind() == Passage.Kind.PLAIN)
                        .count());
    }

    private long count(int fact, Passage.Kind kind) {
        return corpus.passages().stream()
                .filter(passage -> passage.fact().orElse(-1) == fact && passage.kind() == kind)
                .count();
    }

    @Test
    void anAnswerStandsInTheRightPassagesOnlyAndTheQuestionInNone() {
        for (int f = 0; f < 24; f++) {
            int fact = f;
            PlantedFact asked = corpus.facts().get(f);
            for (Passage passage : corpus.passages()) {
                assertEquals(
                        passage.tells(fact),
                        passage.text().contains(asked.answer().strip()),
                        passage::text);
                assertFalse(passage.text().contains(asked.question()), passage::text);
            }
        }
    }

    @Test
    void theSameSeedGivesTheSameCorpus() {
        assertEquals(corpus.passages(), FactCorpus.of(24, 100, 1).passages());
        assertFalse(corpus.passages().equals(FactCorpus.of(24, 100, 2).passages()));
        assertThrows(IllegalArgumentException.class, () -> FactCorpus.of(25, 0, 1));
    }

    @Test
    void rankingsAreMeasuredAgainstWhatWasPlanted() {
        List<Integer> right = IntStream.range(0, corpus.passages().size())
                .filter(id -> corpus.passages().get(id).tells(0))
                .boxed()
                .toList();
        int wrong = IntStream.range(0, corpus.passages().size())
                .filter(id -> corpus.passages().get(id).kind() == Passage.Kind.POISON
                        && corpus.passages().get(id).fact().orElse(-1) == 0)
                .findFirst()
                .orElseThrow();
        int plain = IntStream.range(0, corpus.passages().size())
                .filter(id -> corpus.passages().get(id).kind() == Passage.Kind.PLAIN)
                .findFirst()
                .orElseThrow();
        Ranked ranked = new Ranked(
                "hand",
                0,
                List.of(List.of(wrong, right.get(0), plain, right.get(1)), List.of(), List.of(right.get(0))));
        assertArrayEquals(new double[] {0.2, 0, 0}, ranked.precision(corpus, 10), 0);
        assertArrayEquals(new double[] {0.5, 0, 0}, ranked.precision(corpus, 2), 0);
        assertArrayEquals(new double[] {0.5, 0, 0}, ranked.reciprocalRank(corpus), 0);
        assertEquals(1, ranked.found(corpus, Passage.Kind.POISON, 10));
        assertEquals(
                2, ranked.found(corpus, Passage.Kind.FORWARD, 10) + ranked.found(corpus, Passage.Kind.REVERSED, 10));
        assertTrue(corpus.passages().get(right.get(0)).tells(0));
    }
}
