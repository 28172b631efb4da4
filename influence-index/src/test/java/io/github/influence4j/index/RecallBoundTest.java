package io.github.influence4j.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RecallBoundTest {

    /** At the ends of the interval, a sample as extreme as that which was found has a chance of 2.5 %. */
    @Property(tries = 200)
    void theIntervalIsThatOfTheBinomialDistribution(
            @ForAll @IntRange(min = 1, max = 400) int trials, @ForAll @IntRange(min = 0, max = 100) int percent) {
        int higher = trials * percent / 100;
        // so that a recall tells its share: 1 − p
        RecallBound bound = RecallBound.of(1, 1, trials, higher);
        assertEquals(1 - (double) higher / trials, bound.recall(), 1e-12);
        if (higher == 0) {
            assertEquals(1, bound.high());
        } else {
            assertEquals(0.025, 1 - below(higher - 1, trials, 1 - bound.high()), 1e-6);
        }
        if (higher == trials) {
            assertEquals(0, bound.low());
        } else {
            assertEquals(0.025, below(higher, trials, 1 - bound.low()), 1e-6);
        }
    }

    /** Chance of at most so many. */
    private static double below(int most, int trials, double p) {
        double sum = 0;
        for (int k = 0; k <= most; k++) {
            double log = k * Math.log(p) + (trials - k) * Math.log1p(-p);
            for (int i = 1; i <= k; i++) {
                log += Math.log(trials - k + i) - Math.log(i);
            }
            sum += Math.exp(log);
        }
        return sum;
    }

    @Test
    void whatIsNoSampleIsRefused() {
        assertEquals(0, RecallBound.of(10, 1000, 10, 5).recall());
        assertThrows(IllegalArgumentException.class, () -> RecallBound.of(0, 10, 10, 5));
        assertThrows(IllegalArgumentException.class, () -> RecallBound.of(1, 10, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> RecallBound.of(1, 10, 3, 4));
    }
}
