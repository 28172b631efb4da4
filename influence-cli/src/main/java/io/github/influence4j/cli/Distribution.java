package io.github.influence4j.cli;

import java.util.Arrays;

/**
 * How scores of a question are distributed.
 *
 * @param least the lowest
 * @param most the highest
 * @param median half of the scores are lower
 * @param mean their mean
 * @param deviation their standard deviation
 * @param counts scores in each of as many equal intervals between the lowest and the highest
 */
record Distribution(double least, double most, double median, double mean, double deviation, int[] counts) {

    private static final int INTERVALS = 60;

    /** Scores below which nothing can be said of whether one stands out. */
    private static final int FEW = 20;

    static Distribution of(double[] scores) {
        double[] sorted = scores.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        double least = sorted[0];
        double most = sorted[n - 1];
        double mean = Arrays.stream(sorted).average().orElse(0);
        double variance = Arrays.stream(sorted)
                .map(score -> (score - mean) * (score - mean))
                .average()
                .orElse(0);
        int[] counts = new int[most > least ? INTERVALS : 1];
        for (double score : sorted) {
            int interval = (int) (counts.length * ((score - least) / (most - least)));
            counts[most > least ? Math.min(counts.length - 1, interval) : 0]++;
        }
        double median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
        return new Distribution(least, most, median, mean, Math.sqrt(variance), counts);
    }

    /**
     * Whether neither end is further from the mean than the largest of n normal numbers is by chance, √(2 ln n) standard deviations; the
     * order of such scores may be one of noise.
     */
    boolean isFlat() {
        int n = Arrays.stream(counts).sum();
        double bound = deviation * Math.sqrt(2 * Math.log(n));
        return n >= FEW && most - mean <= bound && mean - least <= bound;
    }
}
