package io.github.influence4j.examples.quickstart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.examples.data.DigitImage;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class QueryChoiceTest {

    /** Readings of a written 3, whose probability is given; the rest goes to 8. */
    private static List<Reading> readings(double... probabilityOfTheTruth) {
        return IntStream.range(0, probabilityOfTheTruth.length)
                .mapToObj(k -> {
                    double[] probabilities = new double[10];
                    probabilities[3] = probabilityOfTheTruth[k];
                    probabilities[8] = 1 - probabilityOfTheTruth[k];
                    DigitImage image = new DigitImage(k, new double[64], 3, 3);
                    return Reading.of(image, probabilities, -Math.log(probabilityOfTheTruth[k]));
                })
                .toList();
    }

    private static List<Long> ids(List<Reading> readings) {
        return readings.stream().map(reading -> reading.image().id()).toList();
    }

    @Test
    void takesTheSurestMistakesAndTheNarrowestSuccesses() {
        List<Reading> readings = readings(0.99, 0.4, 0.1, 0.6, 0.3, 0.2, 0.7);

        assertEquals(List.of(2L, 5L, 4L, 3L, 6L), ids(QueryChoice.of(readings)));
    }

    @Test
    void fillsUpWhereMistakesAreFew() {
        assertEquals(List.of(1L, 2L, 0L), ids(QueryChoice.of(readings(0.99, 0.4, 0.6))));
    }

    @Test
    void readsTheLikeliestDigit() {
        Reading right = readings(0.6).get(0);
        Reading wrong = readings(0.3).get(0);

        assertTrue(right.correct());
        assertEquals(0.2, right.margin(), Math.ulp(1.0));
        assertFalse(wrong.correct());
        assertEquals(8, wrong.predicted());
        assertEquals(0.7, wrong.confidence());
        assertEquals(-0.4, wrong.margin(), Math.ulp(1.0));
        double[] even = new double[10];
        Arrays.fill(even, 0.1);
        assertTrue(Reading.of(wrong.image(), even, 0).correct());
    }

    @Test
    void tellsWrittenFromTold() {
        DigitImage flipped = new DigitImage(0, new double[64], 3, 8);
        double[] probabilities = new double[10];
        probabilities[8] = 1;

        Reading reading = Reading.of(flipped, probabilities, 0);

        assertTrue(reading.asTold());
        assertFalse(reading.correct());
    }
}
