package io.github.influence4j.models;

/**
 * The function φ between two layers, applied to every output z of the first.
 *
 * <p>The derivative φ' carries gradients backwards and tangents forwards; the Gauss-Newton product needs no second
 * derivative, because it takes the network as linear in its weights.
 */
public enum Activation {
    /** φ(z) = tanh z. */
    TANH {
        @Override
        double value(double z) {
            return Math.tanh(z);
        }

        @Override
        double slope(double z, double value) {
            return 1 - value * value;
        }
    },

    /** φ(z) = max(z, 0), with φ'(0) = 0. */
    RELU {
        @Override
        double value(double z) {
            // NaN goes through, so that it is found
            return z <= 0 ? 0 : z;
        }

        @Override
        double slope(double z, double value) {
            return z > 0 ? 1 : 0;
        }
    },

    /**
     * The tanh form of the Gaussian error linear unit, φ(z) = z/2 · (1 + tanh(√(2/π) (z + 0.044715 z³))), as in GPT-2
     * (Hendrycks and Gimpel 2016, section 2); not the form with the error function.
     */
    GELU {
        @Override
        double value(double z) {
            return 0.5 * z * (1 + Math.tanh(gate(z)));
        }

        @Override
        double slope(double z, double value) {
            double tanh = Math.tanh(gate(z));
            double gateSlope = ROOT_TWO_OVER_PI * (1 + 3 * CUBIC * z * z);
            return 0.5 * (1 + tanh) + 0.5 * z * (1 - tanh * tanh) * gateSlope;
        }
    },

    /** φ(z) = z. */
    IDENTITY {
        @Override
        double value(double z) {
            return z;
        }

        @Override
        double slope(double z, double value) {
            return 1;
        }
    };

    private static final double ROOT_TWO_OVER_PI = Math.sqrt(2 / Math.PI);
    private static final double CUBIC = 0.044715;

    /** Computes φ(z). */
    abstract double value(double z);

    /** Computes φ'(z), given φ(z). */
    abstract double slope(double z, double value);

    private static double gate(double z) {
        return ROOT_TWO_OVER_PI * (z + CUBIC * z * z * z);
    }
}
