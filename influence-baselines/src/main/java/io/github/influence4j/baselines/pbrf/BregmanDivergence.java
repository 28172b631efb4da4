package io.github.influence4j.baselines.pbrf;

import io.github.influence4j.api.Loss;

/**
 * D(ŷ, ŷˢ) = L(ŷ) − L(ŷˢ) − ∇L(ŷˢ)ᵀ(ŷ − ŷˢ) at one position, which does not depend on the label (paper, Eq. 8): ½‖ŷ − ŷˢ‖² for
 * squared error, KL(softmax ŷˢ ‖ softmax ŷ) for softmax cross-entropy.
 */
enum BregmanDivergence {
    HALF_SQUARED_DISTANCE {
        @Override
        double value(double[] outputs, double[] reference) {
            double sum = 0;
            for (int c = 0; c < outputs.length; c++) {
                double d = outputs[c] - reference[c];
                sum += d * d;
            }
            return sum / 2;
        }

        @Override
        void gradient(double[] outputs, double[] reference, double[] result) {
            for (int c = 0; c < outputs.length; c++) {
                result[c] = outputs[c] - reference[c];
            }
        }
    },

    KULLBACK_LEIBLER {
        /** log Σ_c p_c exp(d_c − d̄) with d = ŷ − ŷˢ, p = softmax ŷˢ and d̄ = Σ_c p_c d_c: small where d is, not a difference. */
        @Override
        double value(double[] outputs, double[] reference) {
            double[] p = softmax(reference);
            double mean = 0;
            for (int c = 0; c < p.length; c++) {
                mean += p[c] * (outputs[c] - reference[c]);
            }
            double excess = 0;
            double largest = 0;
            for (int c = 0; c < p.length; c++) {
                double d = outputs[c] - reference[c] - mean;
                largest = Math.max(largest, d);
                excess += p[c] * (Math.expm1(d) - d); // Σ p d = 0, so that only terms of second order are added
            }
            return largest < LARGE ? Math.log1p(excess) : logMeanExponential(p, outputs, reference, mean, largest);
        }

        @Override
        void gradient(double[] outputs, double[] reference, double[] result) {
            double[] p = softmax(outputs);
            double[] q = softmax(reference);
            for (int c = 0; c < p.length; c++) {
                result[c] = p[c] - q[c];
            }
        }
    };

    private static final double LARGE = 500;

    static BregmanDivergence of(Loss loss) {
        return loss == Loss.SQUARED_ERROR ? HALF_SQUARED_DISTANCE : KULLBACK_LEIBLER;
    }

    /** Computes D. */
    abstract double value(double[] outputs, double[] reference);

    /** Computes ∂D/∂ŷ. */
    abstract void gradient(double[] outputs, double[] reference, double[] result);

    private static double logMeanExponential(
            double[] p, double[] outputs, double[] reference, double mean, double largest) {
        double sum = 0;
        for (int c = 0; c < p.length; c++) {
            sum += p[c] * Math.exp(outputs[c] - reference[c] - mean - largest);
        }
        return Math.log(sum) + largest;
    }

    private static double[] softmax(double[] outputs) {
        double max = outputs[0];
        for (double output : outputs) {
            max = Math.max(max, output);
        }
        double[] p = new double[outputs.length];
        double sum = 0;
        for (int c = 0; c < p.length; c++) {
            p[c] = Math.exp(outputs[c] - max);
            sum += p[c];
        }
        for (int c = 0; c < p.length; c++) {
            p[c] /= sum;
        }
        return p;
    }
}
