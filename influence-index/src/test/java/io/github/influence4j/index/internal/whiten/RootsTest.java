package io.github.influence4j.index.internal.whiten;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RootsTest {

    private static final int COUNT = 5_001;

    private static float[] numbers(SplittableRandom random, boolean positive) {
        float[] numbers = new float[COUNT];
        for (int k = 0; k < COUNT; k++) {
            double value = random.nextGaussian() * Math.pow(10, random.nextInt(13) - 6);
            numbers[k] = (float) (positive ? Math.abs(value) : value);
        }
        numbers[7] = 0;
        return numbers;
    }

    /** Products of whole powers of two are taken in float32: the exact product, rounded once. */
    @Test
    void productsAreRoundedOnce() {
        SplittableRandom random = new SplittableRandom(1);
        float[] gradients = numbers(random, false);
        Roots roots = Roots.of(numbers(random, true));
        for (int exponent : new int[] {0, 3, -40, 80, -100, -150}) {
            double factor = Math.scalb(1.0, exponent);
            assertEquals(exponent > -100, roots.isExact(factor), "2^" + exponent);
            float[] found = new float[COUNT + 3];
            assertTrue(roots.multiply(gradients, 1, factor, 0, COUNT - 1, found, 3), "2^" + exponent);
            for (int k = 0; k < COUNT - 1; k++) {
                double exact = (double) gradients[1 + k] * roots.values()[k] * factor; // 48 bits and an exponent
                assertEquals((float) exact, found[3 + k], 0f, "2^" + exponent + ", number " + k);
            }
        }
        assertFalse(roots.isExact(Math.sqrt(2)), "the root of two is none of float32");
        assertFalse(roots.isExact(Math.scalb(1.0, 127)), "the largest root would be too large");
    }

    @Test
    void sayWhetherAllIsFinite() {
        for (double factor : new double[] {1, Math.sqrt(2)}) {
            Roots roots = Roots.of(new float[] {1, 2, 0, 4, 5});
            for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.MAX_VALUE}) {
                for (int at = 0; at < 5; at++) {
                    float[] gradients = {1, 2, 3, 4, 5};
                    gradients[at] = bad;
                    boolean fits = bad == Float.MAX_VALUE && (at == 2 || (at == 0 && factor == 1));
                    assertEquals(fits, roots.multiply(gradients, 0, factor, 0, 5, new float[5], 0), bad + " at " + at);
                }
            }
        }
        assertFalse(Roots.of(new float[] {1, Float.NaN}).isExact(1));
        assertFalse(Roots.of(new float[] {1, Float.POSITIVE_INFINITY}).isExact(1));
        assertTrue(Roots.of(new float[2]).isExact(1));
    }
}
