package io.github.influence4j.baselines.validation;

import io.github.influence4j.api.InfluenceScores;
import java.util.Arrays;
import org.apache.commons.math3.stat.StatUtils;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;
import org.apache.commons.math3.stat.correlation.SpearmansCorrelation;

/**
 * How well scores follow a truth, as means over the queries of a correlation over training examples.
 *
 * @param pearson mean of Pearson's correlations
 * @param spearman mean of Spearman's rank correlations
 */
public record Agreement(double pearson, double spearman) {

    /**
     * Correlates scores with a truth that is larger where an example helps more.
     *
     * @param scores the estimate
     * @param trainIds examples for which there is a truth, among those that were scored
     * @param truth [queries][those examples]
     * @return the means
     * @throws IllegalArgumentException if an example was not scored, there are fewer than two of them, or the queries differ
     *     in number
     */
    public static Agreement of(InfluenceScores scores, long[] trainIds, double[][] truth) {
        if (truth.length != scores.queryIds().length) {
            throw new IllegalArgumentException(
                    "scores of " + scores.queryIds().length + " queries, a truth for " + truth.length);
        }
        int[] columns = columns(scores.trainIds(), trainIds);
        double[] pearson = new double[truth.length];
        double[] spearman = new double[truth.length];
        for (int q = 0; q < truth.length; q++) {
            double[] row = scores.row(q);
            double[] estimate = Arrays.stream(columns).mapToDouble(c -> row[c]).toArray();
            pearson[q] = new PearsonsCorrelation().correlation(estimate, truth[q]);
            spearman[q] = new SpearmansCorrelation().correlation(estimate, truth[q]);
        }
        return new Agreement(StatUtils.mean(pearson), StatUtils.mean(spearman));
    }

    /**
     * Correlates scores with other scores of the same queries and examples.
     *
     * @param scores the estimate
     * @param truth the scores that are taken as true
     * @return the means
     * @throws IllegalArgumentException if an example was not scored
     */
    public static Agreement of(InfluenceScores scores, InfluenceScores truth) {
        return of(scores, truth.trainIds(), truth.matrix().toArray());
    }

    private static int[] columns(long[] scored, long[] wanted) {
        int[] columns = new int[wanted.length];
        for (int k = 0; k < wanted.length; k++) {
            columns[k] = -1;
            for (int c = 0; c < scored.length && columns[k] < 0; c++) {
                columns[k] = scored[c] == wanted[k] ? c : -1;
            }
            if (columns[k] < 0) {
                throw new IllegalArgumentException("training example " + wanted[k] + " was not scored");
            }
        }
        return columns;
    }
}
