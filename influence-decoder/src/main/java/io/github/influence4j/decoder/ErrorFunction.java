package io.github.influence4j.decoder;

import io.github.influence4j.linalg.internal.Exponential;
import org.apache.commons.numbers.gamma.Erf;

/** erf(x) in the precision of its argument. */
final class ErrorFunction {

    private static final float P = 0.3275911f;
    private static final float A1 = 0.254829592f;
    private static final float A2 = -0.284496736f;
    private static final float A3 = 1.421413741f;
    private static final float A4 = -1.453152027f;
    private static final float A5 = 1.061405429f;

    private ErrorFunction() {}

    /** To 2e-7 (Abramowitz and Stegun 1964, 7.1.26), many times as fast as in float64. */
    static float of(float x) {
        float size = Math.abs(x);
        float t = 1 / (1 + P * size);
        float sum = ((((A5 * t + A4) * t + A3) * t + A2) * t + A1) * t;
        return Math.copySign(1 - sum * Exponential.of(-size * size), x);
    }

    static double of(double x) {
        return Erf.value(x);
    }
}
