package io.github.influence4j.examples.language;

import io.github.influence4j.api.InfluenceScores;
import java.util.Arrays;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.Collectors;
import org.apache.commons.math3.stat.StatUtils;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;
import org.apache.commons.math3.stat.correlation.SpearmansCorrelation;

/** Summaries of scores over queries. */
final class Statistics {

    private Statistics() {}

    static double mean(double[] values) {
        return StatUtils.mean(values);
    }

    static double median(double[] values) {
        return StatUtils.percentile(values, 50);
    }

    /** Pearson's correlation of each query's scores. */
    static double[] pearson(InfluenceScores first, InfluenceScores second) {
        return pearson(first.matrix().toArray(), second.matrix().toArray());
    }

    static double[] pearson(double[][] first, double[][] second) {
        return perQuery(first, second, new PearsonsCorrelation()::correlation);
    }

    /** Spearman's rank correlation of each query's scores. */
    static double[] spearman(InfluenceScores first, InfluenceScores second) {
        return spearman(first.matrix().toArray(), second.matrix().toArray());
    }

    static double[] spearman(double[][] first, double[][] second) {
        return perQuery(first, second, new SpearmansCorrelation()::correlation);
    }

    private static double[] perQuery(
            double[][] first, double[][] second, ToDoubleBiFunction<double[], double[]> correlation) {
        double[] values = new double[first.length];
        Arrays.setAll(values, q -> correlation.applyAsDouble(first[q], second[q]));
        return values;
    }

    /** Share of each query's k highest scores that are among the k highest of the other scores. */
    static double[] overlap(InfluenceScores first, InfluenceScores second, int k) {
        double[] perQuery = new double[first.queryIds().length];
        Arrays.setAll(perQuery, q -> {
            var best = first.topK(q, k).stream().map(i -> i.trainId()).collect(Collectors.toSet());
            return second.topK(q, k).stream()
                            .filter(i -> best.contains(i.trainId()))
                            .count()
                    / (double) k;
        });
        return perQuery;
    }

    /** Largest difference of two sets of scores, relative to the largest score of the query. */
    static double largestDifference(InfluenceScores first, InfluenceScores second) {
        double largest = 0;
        for (int q = 0; q < first.queryIds().length; q++) {
            double[] a = first.row(q);
            double[] b = second.row(q);
            double scale = Arrays.stream(a).map(Math::abs).max().orElse(0);
            for (int z = 0; z < a.length; z++) {
                largest = Math.max(largest, Math.abs(a[z] - b[z]) / scale);
            }
        }
        return largest;
    }
}
