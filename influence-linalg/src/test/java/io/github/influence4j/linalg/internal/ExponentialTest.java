package io.github.influence4j.linalg.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ExponentialTest {

    @Test
    void exponentialIsAccurateInFloat32() {
        double worst = 0;
        for (float x = -86.9f; x < 88; x += 0.0137f) {
            double exact = Math.exp(x);
            worst = Math.max(worst, Math.abs(Exponential.of(x) - exact) / exact);
        }
        // two units in the last place
        assertTrue(worst < 2 * 0x1p-23, "relative error " + worst);
        assertEquals(1, Exponential.of(0f));
        assertEquals(0, Exponential.of(-200f));
        assertEquals(0, Exponential.of(Float.NEGATIVE_INFINITY));
        assertTrue(Float.isNaN(Exponential.of(Float.NaN)));
        assertTrue(Exponential.of(1000f) > 1e38);
    }

    /** Numbers of every size, those that vanish, and what is not a number, in a length that no vector divides. */
    @Test
    void exponentialsOfManyAreThoseOfOne() {
        int count = 20_011;
        float[] x = new float[count];
        for (int k = 0; k < count; k++) {
            x[k] = -87 + 175 * (k + 0.5f) / count;
        }
        float[] results = x.clone();
        Exponential.replace(results, new float[count], count);
        for (int k = 0; k < count; k++) {
            double exact = Math.exp(x[k]);
            assertEquals(exact, results[k], 2 * 0x1p-23 * exact, "e^" + x[k]);
        }
        float[] special = {-200, Float.NEGATIVE_INFINITY, Float.NaN, 0, 1000, Float.POSITIVE_INFINITY, -87.5f, 7};
        Exponential.replace(special, new float[7], 7);
        assertEquals(0, special[0]);
        assertEquals(0, special[1]);
        assertTrue(Float.isNaN(special[2]));
        assertEquals(1, special[3]);
        assertTrue(special[4] > 1e38 && special[5] > 1e38);
        assertEquals(Math.exp(-87.5), special[6], 1e-6 * Math.exp(-87.5)); // with fewer digits
        assertEquals(7, special[7]); // not asked for
    }
}
