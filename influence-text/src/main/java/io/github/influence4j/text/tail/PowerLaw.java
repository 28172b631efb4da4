package io.github.influence4j.text.tail;

import org.apache.commons.math3.distribution.ParetoDistribution;
import org.apache.commons.math3.random.RandomGenerator;
import org.apache.commons.math3.random.Well19937c;
import org.apache.commons.math3.stat.inference.KolmogorovSmirnovTest;

/**
 * A power law for the largest scores, in the density convention: p(x) ∝ x^(−α) for x ≥ x_min.
 *
 * <p>The survival function, (x / x_min)^−(α−1), has the exponent α − 1, which is Hill's index. Where α ≤ 2 the mean is
 * infinite, where α ≤ 3 the variance is.
 *
 * @param alpha α, above 1
 * @param minimum x_min, where the tail begins
 * @param size k, the number of scores it was fitted to
 * @param scanned n, the number of scores of the scan
 */
public record PowerLaw(double alpha, double minimum, int size, long scanned) {

    /** Resamples of the bootstrap by default: the standard error of p is at most 0.016. */
    public static final int BOOTSTRAPS = 1000;

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if α is not above 1, the minimum not positive, or k not from 1 to n
     */
    public PowerLaw {
        if (!(alpha > 1) || !(minimum > 0) || size < 1 || scanned < size) {
            throw new IllegalArgumentException("no power law: alpha " + alpha + ", minimum " + minimum + ", fitted to "
                    + size + " of " + scanned + " scores");
        }
    }

    /**
     * Fits the k largest scores by maximum likelihood, α = 1 + k / Σ ln(x_i / x_min) with x_min the (k+1)-largest score
     * (Hill 1975). The standard error is (α−1)/√k.
     *
     * @param scores scores of a query over a scan, in any order
     * @param k size of the tail; the paper takes the top 0.01 % of 5 million
     * @return the law
     * @throws IllegalArgumentException if k is below 2 or not below the number of scores, a score is not finite, or the
     *     k+1 largest are not positive or all equal
     */
    public static PowerLaw fit(double[] scores, int k) {
        return fit(Tail.of(scores, k));
    }

    static PowerLaw fit(Tail tail) {
        return new PowerLaw(1 + rate(tail.logExcess()), tail.threshold(), tail.size(), tail.scanned());
    }

    private static double rate(double[] logExcess) {
        double sum = 0;
        for (double y : logExcess) {
            sum += y;
        }
        return logExcess.length / sum;
    }

    /**
     * Returns the standard error of α, (α−1)/√k.
     *
     * @return the error
     */
    public double standardError() {
        return (alpha - 1) / Math.sqrt(size);
    }

    /**
     * Estimates the share of all sequences whose score is at least x: (k/n)·(x/x_min)^−(α−1).
     *
     * @param x at least x_min
     * @return the estimated survival function
     * @throws IllegalArgumentException if x is below x_min, where the law says nothing
     */
    public double survival(double x) {
        if (!(x >= minimum)) {
            throw new IllegalArgumentException("the tail begins at " + minimum + ", nothing is known at " + x);
        }
        return size / (double) scanned * Math.pow(x / minimum, 1 - alpha);
    }

    /**
     * Estimates how many sequences must be scanned to find some that are at least this influential: results / P(X ≥ x).
     * The paper asks for 10 that exceed the tenth best of the TF-IDF filter (§5.2.2).
     *
     * @param x at least x_min
     * @param results how many sequences are wanted
     * @return the expected number of sequences to scan
     * @throws IllegalArgumentException if x is below x_min
     */
    public double sequencesNeeded(double x, int results) {
        return results / survival(x);
    }

    /**
     * Tests whether the scores could come from this law: the Kolmogorov-Smirnov distance between scores and law, against
     * those of samples from the law, each with a law fitted of its own (Clauset, Shalizi, Newman 2009, with x_min given).
     * O(resamples · k log k).
     *
     * @param scores the scores that the law was fitted to
     * @param resamples samples to draw
     * @param seed decides the samples
     * @return p: the share of samples that lie farther from their own law than the scores from theirs; the paper rejects
     *     the law below 0.1
     * @throws IllegalArgumentException if {@code resamples} is not positive, or as {@link #fit}
     */
    public double goodness(double[] scores, int resamples, long seed) {
        if (resamples < 1) {
            throw new IllegalArgumentException("resamples must be positive, found " + resamples);
        }
        double observed = distance(Tail.of(scores, size).logExcess());
        RandomGenerator random = new Well19937c(seed);
        ParetoDistribution law = new ParetoDistribution(random, 1, alpha - 1);
        int farther = 0;
        for (int b = 0; b < resamples; b++) {
            double[] sample = law.sample(size);
            for (int r = 0; r < size; r++) {
                sample[r] = Math.log(sample[r]);
            }
            if (distance(sample) >= observed) {
                farther++;
            }
        }
        return farther / (double) resamples;
    }

    /** Distance between log excesses and the law fitted to them. */
    private static double distance(double[] logExcess) {
        double[] excess = new double[logExcess.length];
        for (int r = 0; r < excess.length; r++) {
            excess[r] = Math.exp(logExcess[r]);
        }
        return new KolmogorovSmirnovTest()
                .kolmogorovSmirnovStatistic(new ParetoDistribution(1, rate(logExcess)), excess);
    }
}
