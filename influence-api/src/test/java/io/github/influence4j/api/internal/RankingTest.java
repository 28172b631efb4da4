package io.github.influence4j.api.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.influence4j.api.internal.Ranking.End;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** The one rule of ranking, against sorting all that was offered. */
class RankingTest {

    private record Scored(long id, double score) {}

    @Provide
    Arbitrary<List<Double>> scores() {
        return Arbitraries.of(-1.0, -0.0, 0.0, 2.0, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY)
                .list()
                .ofMaxSize(20);
    }

    /** What is not a number is put beyond the end; stable sorting leaves equals in their order. */
    private static List<Scored> sorted(List<Double> scores, End end, int k) {
        double sign = end == End.HIGHEST ? -1 : 1;
        List<Scored> all = new ArrayList<>();
        List<Scored> numbers = new ArrayList<>();
        for (int z = 0; z < scores.size(); z++) {
            (Double.isNaN(scores.get(z)) ? all : numbers).add(new Scored(100 - z, scores.get(z)));
        }
        // 0 is added so that −0 is 0
        numbers.sort((a, b) -> Double.compare(sign * a.score() + 0.0, sign * b.score() + 0.0));
        all.addAll(numbers);
        return all.subList(0, Math.min(k, all.size()));
    }

    private static List<Scored> ranked(List<Scored> offered, End end, int k) {
        Ranking ranking = new Ranking(end, k);
        offered.forEach(one -> ranking.offer(one.id(), one.score()));
        return ranking.best(Scored::new);
    }

    private static List<Scored> all(List<Double> scores) {
        List<Scored> all = new ArrayList<>();
        for (int z = 0; z < scores.size(); z++) {
            all.add(new Scored(100 - z, scores.get(z)));
        }
        return all;
    }

    @Property
    void theFirstOfSorting(@ForAll("scores") List<Double> scores, @ForAll End end, @ForAll @IntRange(max = 22) int k) {
        assertEquals(sorted(scores, end, k), ranked(all(scores), end, k));
    }

    @Property
    void theBestOfPartsAreThoseOfTheWhole(
            @ForAll("scores") List<Double> scores,
            @ForAll End end,
            @ForAll @IntRange(max = 22) int k,
            @ForAll @IntRange(min = 1, max = 5) int part) {
        List<Scored> all = all(scores);
        List<Scored> ofParts = new ArrayList<>();
        for (int first = 0; first < all.size(); first += part) {
            ofParts.addAll(ranked(all.subList(first, Math.min(all.size(), first + part)), end, k));
        }
        assertEquals(sorted(scores, end, k), ranked(ofParts, end, k));
    }

    @Test
    void fewerThanNoneAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Ranking(End.HIGHEST, -1));
    }
}
