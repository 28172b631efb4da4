package io.github.influence4j.openblas.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class TriangleBandsTest {

    @Property
    void coverEveryRowOnce(
            @ForAll @IntRange(min = 1, max = 5000) int n, @ForAll @IntRange(min = 1, max = 64) int count) {
        int[] bounds = TriangleBands.of(n, count);

        assertEquals(count + 1, bounds.length);
        assertEquals(0, bounds[0]);
        assertEquals(n, bounds[count]);
        for (int band = 0; band < count; band++) {
            assertTrue(bounds[band] <= bounds[band + 1], "band " + band);
        }
    }

    @Property
    void costTheSame(@ForAll @IntRange(min = 384, max = 5000) int n, @ForAll @IntRange(min = 2, max = 8) int count) {
        int[] bounds = TriangleBands.of(n, count);
        double mean = 0.6 * n * n / count;

        for (int band = 0; band < count; band++) {
            double rows = bounds[band + 1] - bounds[band];
            double cost = 0.6 * rows * rows + rows * (n - bounds[band + 1]);
            // bounds are multiples of 16, and a rectangle costs less than a triangle
            assertTrue(cost <= mean + 16.0 * n, "band " + band + " costs " + cost + ", the mean is " + mean);
        }
    }

    @Test
    void twoCoresAsMeasured() {
        // 32 % of the rows were the fastest first band of 28, 32 and 36 %
        assertArrayEquals(new int[] {0, 160, 512}, TriangleBands.of(512, 2));
        assertArrayEquals(new int[] {0, 496, 1537}, TriangleBands.of(1537, 2));
    }
}
