package io.github.influence4j.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.IntFunction;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class HalfPrecisionTest {

    /** From the definition of binary16. */
    private static double half(int bits) {
        int exponent = bits >> 10 & 31;
        double fraction = (bits & 1023) / 1024.0;
        double magnitude = exponent == 31
                ? (fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN)
                : exponent == 0 ? fraction * Math.pow(2, -14) : (1 + fraction) * Math.pow(2, exponent - 15);
        return (bits & 0x8000) == 0 ? magnitude : -magnitude;
    }

    @Test
    void everyHalfIsReadAndComesBack() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = HalfPrecision.fromFloat16((short) bits);
            assertEquals(half(bits), value, 0, Integer.toHexString(bits));
            short back = HalfPrecision.toFloat16(value);
            assertTrue(Float.isNaN(value) ? Double.isNaN(half(back)) : back == (short) bits, Integer.toHexString(bits));
            float brain = HalfPrecision.fromBfloat16((short) bits);
            assertEquals(bits << 16, Float.floatToRawIntBits(brain));
            short brainBack = HalfPrecision.toBfloat16(brain);
            assertTrue(
                    Float.isNaN(brain) ? Float.isNaN(HalfPrecision.fromBfloat16(brainBack)) : brainBack == (short) bits,
                    Integer.toHexString(bits));
        }
    }

    @Property
    void roundsToTheNearestAndTiesToEven(@ForAll int floatBits) {
        float value = Float.intBitsToFloat(floatBits);
        if (!Float.isNaN(value) && Math.abs(value) < 65520) {
            checkNearest(value, HalfPrecision.toFloat16(value), b -> half(b.shortValue() & 0xffff), 0x7bff);
        }
        if (Float.isFinite(value) && Math.abs(value) < 3.3e38f) {
            checkNearest(
                    value,
                    HalfPrecision.toBfloat16(value),
                    b -> (double) HalfPrecision.fromBfloat16(b.shortValue()),
                    0x7f7f);
        }
    }

    private static void checkNearest(
            float value, short found, java.util.function.Function<Integer, Double> decode, int largest) {
        IntFunction<Double> magnitude = decode::apply;
        double target = Math.abs(value);
        int code = found & 0x7fff;
        double error = Math.abs(magnitude.apply(code) - target);
        for (int neighbour : new int[] {code - 1, code + 1}) {
            if (neighbour >= 0 && neighbour <= largest) {
                double other = Math.abs(magnitude.apply(neighbour) - target);
                assertTrue(
                        error < other || error == other && code % 2 == 0, value + " became " + magnitude.apply(code));
            }
        }
        assertEquals(Math.signum(value) < 0 || 1 / value < 0, found < 0);
    }

    @Test
    void largeNumbersBecomeInfinite() {
        assertEquals((short) 0x7bff, HalfPrecision.toFloat16(65519.9f));
        assertEquals((short) 0x7c00, HalfPrecision.toFloat16(65520f));
        assertEquals((short) 0xfc00, HalfPrecision.toFloat16(Float.NEGATIVE_INFINITY));
        assertEquals((short) 0x7f80, HalfPrecision.toBfloat16(Float.MAX_VALUE));
    }
}
