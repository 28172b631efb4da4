package io.github.influence4j.safetensors;

/** Conversions between float32 and the two 16-bit formats, rounding to the nearest and ties to even. */
public final class HalfPrecision {

    private HalfPrecision() {}

    /**
     * Widens a bfloat16, exactly.
     *
     * @param bits the number
     * @return its value
     */
    public static float fromBfloat16(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    static short toBfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            // keep it a NaN where its payload lies in the half that is cut off
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }

    /**
     * Widens an IEEE 754 binary16, exactly.
     *
     * @param bits the number
     * @return its value
     */
    public static float fromFloat16(short bits) {
        int sign = (bits & 0x8000) << 16;
        int exponent = bits >>> 10 & 0x1f;
        int fraction = bits & 0x3ff;
        if (exponent == 0x1f) {
            return Float.intBitsToFloat(sign | 0x7f800000 | fraction << 13);
        }
        if (exponent == 0) {
            float magnitude = fraction * 0x1p-24f;
            return sign == 0 ? magnitude : -magnitude;
        }
        return Float.intBitsToFloat(sign | exponent + 112 << 23 | fraction << 13);
    }

    static short toFloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        float magnitude = Math.abs(value);
        if (Float.isNaN(value)) {
            return (short) (sign | 0x7e00);
        }
        if (magnitude >= 65520) {
            // half a step above the largest finite number, 65504
            return (short) (sign | 0x7c00);
        }
        if (magnitude < 0x1p-14f) {
            // subnormal: a multiple of 2⁻²⁴, and Math.rint rounds ties to even
            return (short) (sign | (int) Math.rint(magnitude * 0x1p24));
        }
        int rebased = (bits & 0x7fffffff) - (112 << 23);
        return (short) (sign | rebased + 0xfff + (rebased >>> 13 & 1) >>> 13);
    }
}
