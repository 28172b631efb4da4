package io.github.influence4j.examples.language;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.baselines.retraining.PairedBootstrap;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RetrievalTest {

    @Test
    void countsAmongTheFirst() {
        double[] scores = {0.1, 5, 3, 4, -2};
        assertEquals(new Retrieval(2, 0.5, 0.5), Retrieval.of(scores, z -> z == 3 || z == 4));
        assertEquals(new Retrieval(1, 1, 1), Retrieval.of(scores, z -> z == 1));
        assertEquals(new Retrieval(1, 0, 0.2), Retrieval.of(scores, z -> z == 4));
        assertThrows(IllegalArgumentException.class, () -> Retrieval.of(scores, z -> false));
    }

    @Test
    void looksAtTenAtMost() {
        double[] scores = new double[40];
        Arrays.setAll(scores, z -> -z);
        assertEquals(0.5, Retrieval.of(scores, z -> z % 2 == 1).precision());
        assertEquals(0.5, Retrieval.of(scores, z -> z % 2 == 1).reciprocalRank());
        assertEquals(1, Retrieval.of(new double[40], z -> z < 12).precision(), "ties in the order of the corpus");
    }

    @Test
    void bootstrapSeesAnAdvantageThatIsThere() {
        SplittableRandom random = new SplittableRandom(1);
        double[] first = random.doubles(200).toArray();
        double[] second = random.doubles(200).toArray();
        assertFalse(PairedBootstrap.of(first, second, 1).better());
        double[] lower = Arrays.stream(first).map(x -> x - 0.1).toArray();
        PairedBootstrap better = PairedBootstrap.of(first, lower, 1);
        assertTrue(better.better());
        assertEquals(0.1, better.difference(), 1e-12);
        assertEquals(0.1, better.low(), 1e-12, "paired: the spread over queries cancels");
        assertThrows(IllegalArgumentException.class, () -> PairedBootstrap.of(first, new double[3], 1));
    }

    @Test
    void bootstrapIntervalHasTheWidthOfTheStandardError() {
        SplittableRandom random = new SplittableRandom(2);
        double[] first = new double[400];
        Arrays.setAll(first, q -> random.nextGaussian());
        PairedBootstrap interval = PairedBootstrap.of(first, new double[400], 3);
        assertEquals(2 * 1.96 / Math.sqrt(400), interval.high() - interval.low(), 0.03);
    }
}
