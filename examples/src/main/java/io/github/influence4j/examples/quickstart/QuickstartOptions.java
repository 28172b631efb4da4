package io.github.influence4j.examples.quickstart;

import io.github.influence4j.api.Precision;
import io.github.influence4j.examples.data.Digits;
import java.util.Optional;

/**
 * How the quickstart is run.
 *
 * @param seed determines the split, the flipped labels, the network's weights, the order of training and the sampled labels
 * @param precision working precision of the backend
 * @param backend name of the backend; empty for the best that works here
 * @param size how much is done
 */
public record QuickstartOptions(long seed, Precision precision, Optional<String> backend, Size size) {

    /** The seed that is used where none is given. */
    public static final long DEFAULT_SEED = 1;

    /**
     * How much is done.
     *
     * @param train images to learn from
     * @param test images to test on; all that are left where there are fewer
     * @param epochs how often the network sees every training image
     * @param comparisonTrain training images over which the estimators are compared with the exact solution
     * @param comparisonQueries test images over which the correlations are averaged
     */
    public record Size(int train, int test, int epochs, int comparisonTrain, int comparisonQueries) {

        /** All of the digits. */
        public static final Size FULL = new Size(1_400, 397, 20, 400, 40);

        /**
         * Checks the numbers.
         *
         * @throws IllegalArgumentException if one is out of its range
         */
        public Size {
            if (train < 1 || train >= Digits.COUNT) {
                throw new IllegalArgumentException(
                        "training images must be from 1 to " + (Digits.COUNT - 1) + ", found " + train);
            }
            if (test < 1 || epochs < 1) {
                throw new IllegalArgumentException(
                        "test images and epochs must be positive, found " + test + " and " + epochs);
            }
            if (comparisonTrain < 2 || comparisonQueries < 1) {
                throw new IllegalArgumentException("a comparison needs two training images and a query, found "
                        + comparisonTrain + " and " + comparisonQueries);
            }
        }
    }

    /**
     * Returns seed 1, float64, the best backend, all of the digits.
     *
     * @return the defaults
     */
    public static QuickstartOptions defaults() {
        return new QuickstartOptions(DEFAULT_SEED, Precision.FLOAT64, Optional.empty(), Size.FULL);
    }

    /**
     * Changes the seed.
     *
     * @param value the new value
     * @return new options
     */
    public QuickstartOptions withSeed(long value) {
        return new QuickstartOptions(value, precision, backend, size);
    }

    /**
     * Changes the working precision.
     *
     * @param value the new value
     * @return new options
     */
    public QuickstartOptions withPrecision(Precision value) {
        return new QuickstartOptions(seed, value, backend, size);
    }

    /**
     * Asks for a backend by name.
     *
     * @param value the name
     * @return new options
     */
    public QuickstartOptions withBackend(String value) {
        return new QuickstartOptions(seed, precision, Optional.of(value), size);
    }

    /**
     * Changes how much is done.
     *
     * @param value the new value
     * @return new options
     */
    public QuickstartOptions withSize(Size value) {
        return new QuickstartOptions(seed, precision, backend, value);
    }
}
