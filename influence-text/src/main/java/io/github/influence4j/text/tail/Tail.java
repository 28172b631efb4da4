package io.github.influence4j.text.tail;

import java.util.Arrays;

/**
 * The k largest scores of a scan, with the next smaller one as their threshold.
 *
 * <p>Everything is kept as log excesses y = ln(x / x_min): a power law above x_min is an exponential law of y, a log-normal
 * one a normal law cut off at 0, and nothing depends on the scale of the scores.
 */
final class Tail {

    private final double threshold;
    private final double[] logExcess;
    private final long scanned;

    private Tail(double threshold, double[] logExcess, long scanned) {
        this.threshold = threshold;
        this.logExcess = logExcess;
        this.scanned = scanned;
    }

    static Tail of(double[] scores, int k) {
        for (double score : scores) {
            if (Double.isNaN(score) || Double.isInfinite(score)) {
                throw new IllegalArgumentException("scores must be finite, found " + score);
            }
        }
        if (k < 2 || k >= scores.length) {
            throw new IllegalArgumentException("a tail of " + k
                    + " scores needs at least 2, and one more to begin at; there are " + scores.length);
        }
        double[] sorted = scores.clone();
        Arrays.sort(sorted);
        double threshold = sorted[sorted.length - 1 - k];
        if (threshold <= 0) {
            throw new IllegalArgumentException(
                    "the " + (k + 1) + " largest scores must be positive, found " + threshold);
        }
        double[] logExcess = new double[k];
        Arrays.setAll(logExcess, r -> Math.log(sorted[sorted.length - k + r] / threshold));
        if (logExcess[k - 1] == 0) {
            throw new IllegalArgumentException("all " + (k + 1) + " scores of the tail are " + threshold);
        }
        return new Tail(threshold, logExcess, scores.length);
    }

    int size() {
        return logExcess.length;
    }

    double threshold() {
        return threshold;
    }

    /** Ascending. */
    double[] logExcess() {
        return logExcess;
    }

    long scanned() {
        return scanned;
    }
}
