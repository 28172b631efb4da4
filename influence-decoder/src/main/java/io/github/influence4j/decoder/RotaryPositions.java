package io.github.influence4j.decoder;

import java.util.Objects;
import java.util.Optional;

/**
 * Rotary positions: the numbers k and k + width/2 of a head's queries and keys are turned by the angle position · fₖ, with fₖ =
 * base^(−2k/width) (Su et al. 2021, in the half-turned order of GPT-NeoX).
 *
 * @param base θ, the longest wave is about 2π · base positions
 * @param width numbers of a head that are turned, even; the rest stays as it is
 * @param scaling how the frequencies are changed for longer contexts, if they are
 */
public record RotaryPositions(double base, int width, Optional<Llama3Scaling> scaling) {

    /**
     * Llama 3.1's change of the frequencies: waves longer than original/low are stretched by the factor, those shorter than
     * original/high stay, and between them both are mixed.
     *
     * @param factor how much longer the context becomes
     * @param low low_freq_factor
     * @param high high_freq_factor, above low
     * @param original positions that the model was first trained with
     */
    public record Llama3Scaling(double factor, double low, double high, int original) {
        /**
         * Checks the numbers.
         *
         * @throws IllegalArgumentException if one is not positive, or high is not above low
         */
        public Llama3Scaling {
            if (!(factor > 0 && low > 0 && high > low && Double.isFinite(high) && original > 0)) {
                throw new IllegalArgumentException("a scaling of rotary positions needs a positive factor and original"
                        + " context and high_freq_factor above low_freq_factor, found factor " + factor + ", low " + low
                        + ", high " + high + ", original " + original);
            }
        }
    }

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if the base is not above 0 and finite, or the width is odd or below 2
     */
    public RotaryPositions {
        Objects.requireNonNull(scaling, "scaling");
        if (!(base > 0 && base < Double.POSITIVE_INFINITY) || width < 2 || width % 2 != 0) {
            throw new IllegalArgumentException("rotary positions need a positive base and an even width of at least 2,"
                    + " found base " + base + ", width " + width);
        }
    }

    /**
     * Makes positions whose frequencies are as they were trained.
     *
     * @param base θ
     * @param width numbers of a head that are turned, even
     * @return the positions
     */
    public static RotaryPositions of(double base, int width) {
        return new RotaryPositions(base, width, Optional.empty());
    }

    /**
     * Returns the same positions with scaled frequencies.
     *
     * @param value how they are scaled
     * @return new positions
     */
    public RotaryPositions withScaling(Llama3Scaling value) {
        return new RotaryPositions(base, width, Optional.of(value));
    }

    /**
     * Returns the frequencies.
     *
     * @return fₖ for k from 0 to width/2 − 1
     */
    public double[] frequencies() {
        double[] result = new double[width / 2];
        for (int k = 0; k < result.length; k++) {
            double plain = Math.pow(base, -2.0 * k / width);
            result[k] = scaling.map(s -> scaled(s, plain)).orElse(plain);
        }
        return result;
    }

    private static double scaled(Llama3Scaling s, double frequency) {
        double wave = 2 * Math.PI / frequency;
        if (wave < s.original() / s.high()) {
            return frequency;
        }
        if (wave > s.original() / s.low()) {
            return frequency / s.factor();
        }
        double smooth = (s.original() / wave - s.low()) / (s.high() - s.low());
        return (1 - smooth) * frequency / s.factor() + smooth * frequency;
    }
}
