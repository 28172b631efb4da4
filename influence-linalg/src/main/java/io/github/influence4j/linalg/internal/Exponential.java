package io.github.influence4j.linalg.internal;

/** e^x in the precision of its argument. */
public final class Exponential {

    private static final float LOG2_E = 1.442695041f;
    /** log 2 in two parts, so that the remainder is exact (Cody and Waite). */
    private static final float LOG2_HIGH = 0.693359375f;

    private static final float LOG2_LOW = -2.12194440e-4f;
    private static final float LARGEST = 88f;
    private static final float SMALLEST = -87f;

    /** What rounds to −127, the power of two whose bits are those of 0. */
    private static final float VANISHING = -88f;

    /** 1.5 · 2²³: what is added to it and taken from it again is rounded to a whole number. */
    private static final float ROUNDING = 12582912f;

    private Exponential() {}

    /**
     * Computes e^x to two units in the last place, several times as fast as {@link Math#exp} (the polynomial of the Cephes
     * library's expf). What lies below −87 gives 0, what lies above 88 gives e^88, and NaN stays.
     *
     * @param x any number
     * @return e^x
     */
    public static float of(float x) {
        if (x < SMALLEST) {
            return 0;
        }
        float bounded = Math.min(x, LARGEST);
        // rounds half up, for either sign, because the shifted number is positive
        int power = (int) (bounded * LOG2_E + 256.5f) - 256;
        float r = bounded - power * LOG2_HIGH - power * LOG2_LOW;
        return ofRemainder(r) * Float.intBitsToFloat((power + 127) << 23);
    }

    /** e^r for r within half of log 2 from 0. */
    private static float ofRemainder(float r) {
        float sum = 1.9875691500e-4f;
        sum = sum * r + 1.3981999507e-3f;
        sum = sum * r + 8.3334519073e-3f;
        sum = sum * r + 4.1665795894e-2f;
        sum = sum * r + 1.6666665459e-1f;
        sum = sum * r + 5.0000001201e-1f;
        return sum * r * r + r + 1;
    }

    /**
     * Computes e^x.
     *
     * @param x any number
     * @return {@link Math#exp}
     */
    public static double of(double x) {
        return Math.exp(x);
    }

    /**
     * Replaces the first numbers x by e^x, as {@link #of(float)} but for the last bits, four times as fast: in loops without
     * branches, on arrays from their start, of which the JIT compiler makes vector instructions. Between −87 and −87.7 results
     * lose digits, and below they are 0.
     *
     * @param x the numbers
     * @param powers room for as many numbers
     * @param count how many
     */
    public static void replace(float[] x, float[] powers, int count) {
        for (int k = 0; k < count; k++) {
            float bounded = Math.min(Math.max(x[k], VANISHING), LARGEST);
            float power = (bounded * LOG2_E + ROUNDING) - ROUNDING;
            float r = bounded - power * LOG2_HIGH - power * LOG2_LOW;
            x[k] = ofRemainder(r);
            powers[k] = power;
        }
        for (int k = 0; k < count; k++) {
            x[k] *= Float.intBitsToFloat(((int) powers[k] + 127) << 23);
        }
    }

    /**
     * Replaces the first numbers x by e^x.
     *
     * @param x the numbers
     * @param powers not used
     * @param count how many
     */
    public static void replace(double[] x, double[] powers, int count) {
        for (int k = 0; k < count; k++) {
            x[k] = Math.exp(x[k]);
        }
    }
}
