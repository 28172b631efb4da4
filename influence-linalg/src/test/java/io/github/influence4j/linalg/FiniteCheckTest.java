package io.github.influence4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** What is not finite is seen wherever it stands; what stands behind the count is not looked at. */
class FiniteCheckTest {

    @Property
    void whatIsNotFiniteIsSeen(@ForAll @Size(max = 40) List<Float> numbers, @ForAll boolean infinite) {
        for (int at = 0; at < numbers.size(); at++) {
            float[] floats = floats(numbers);
            double[] doubles = numbers.stream().mapToDouble(Float::doubleValue).toArray();
            assertTrue(FiniteCheck.finite(floats, floats.length));
            assertTrue(FiniteCheck.finite(doubles, doubles.length));
            floats[at] = infinite ? Float.NEGATIVE_INFINITY : Float.NaN;
            doubles[at] = floats[at];
            assertFalse(FiniteCheck.finite(floats, floats.length));
            assertFalse(FiniteCheck.finite(doubles, doubles.length));
            assertFalse(FiniteCheck.largest(floats, floats.length) <= Float.MAX_VALUE);
            assertTrue(FiniteCheck.finite(floats, at));
            assertTrue(FiniteCheck.finite(doubles, at));
            assertTrue(FiniteCheck.largest(floats, at) <= Float.MAX_VALUE);
        }
    }

    @Property
    void largestIsTheLargestMagnitude(@ForAll @Size(max = 40) List<Float> numbers) {
        double most = numbers.stream().mapToDouble(Math::abs).max().orElse(0);
        assertEquals(most, FiniteCheck.largest(floats(numbers), numbers.size()));
    }

    /** More numbers than are compared at a time, and not a multiple of them. */
    @Property(tries = 50)
    void whatStandsFarBehindIsSeen(@ForAll @IntRange(min = 1, max = 5000) int count, @ForAll Random random) {
        float[] numbers = new float[count + 1];
        for (int k = 0; k <= count; k++) {
            numbers[k] = (float) random.nextGaussian();
        }
        numbers[count] = Float.NaN;
        int at = random.nextInt(count);
        numbers[at] = -100;
        assertEquals(100, FiniteCheck.largest(numbers, count));
        for (float bad : new float[] {Float.NaN, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY}) {
            numbers[at] = bad;
            assertEquals(Math.abs(bad), FiniteCheck.largest(numbers, count));
        }
    }

    private static float[] floats(List<Float> numbers) {
        float[] floats = new float[numbers.size()];
        for (int k = 0; k < floats.length; k++) {
            floats[k] = numbers.get(k);
        }
        return floats;
    }
}
