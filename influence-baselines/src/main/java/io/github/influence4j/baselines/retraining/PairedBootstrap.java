package io.github.influence4j.baselines.retraining;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.apache.commons.math3.stat.StatUtils;

/**
 * The mean difference of two methods over the same queries, and how far it would move with other queries.
 *
 * @param difference mean of the first minus mean of the second
 * @param low lower end of the 95 % interval (percentiles of the resampled differences)
 * @param high upper end of the 95 % interval
 */
public record PairedBootstrap(double difference, double low, double high) {

    private static final int RESAMPLES = 10_000;

    /**
     * Resamples queries with replacement.
     *
     * @param first values of the first method, one a query
     * @param second values of the second method, one a query
     * @param seed decides the resamples
     * @return difference and interval
     * @throws IllegalArgumentException if there are no queries or the numbers of values differ
     */
    public static PairedBootstrap of(double[] first, double[] second, long seed) {
        if (first.length == 0 || first.length != second.length) {
            throw new IllegalArgumentException(
                    "methods are compared on the same queries, found " + first.length + " and " + second.length);
        }
        SplittableRandom random = new SplittableRandom(seed);
        double[] means = new double[RESAMPLES];
        for (int b = 0; b < RESAMPLES; b++) {
            double sum = 0;
            for (int k = 0; k < first.length; k++) {
                int q = random.nextInt(first.length);
                sum += first[q] - second[q];
            }
            means[b] = sum / first.length;
        }
        Arrays.sort(means);
        double difference = StatUtils.mean(first) - StatUtils.mean(second);
        return new PairedBootstrap(difference, means[(int) (0.025 * RESAMPLES)], means[(int) (0.975 * RESAMPLES) - 1]);
    }

    /**
     * Says whether the first method is better than chance would make it.
     *
     * @return whether the whole interval lies above 0
     */
    public boolean better() {
        return low > 0;
    }
}
