package io.github.influence4j.examples.index;

import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.commons.math3.stat.correlation.SpearmansCorrelation;

/**
 * How near the estimates of one representation come to the full scores, for each question.
 *
 * @param name what is kept of a gradient
 * @param bytes of a training sequence
 * @param percent of 4 bytes a parameter
 * @param spearman rank correlation over all training sequences
 * @param helpful share of the ten highest scores that are among the ten highest estimates
 * @param helpful50 the same of fifty
 * @param harmful share of the ten lowest scores that are among the ten lowest estimates
 * @param candidates share of the ten highest scores that are among the highest twentieth of the estimates: what is found if those are
 *     scored again exactly
 * @param within share of all pairs that are within two standard errors; empty without errors
 * @param withinTop share of the pairs with the ten highest scores that are; empty without errors
 */
public record Measured(
        String name,
        long bytes,
        double percent,
        double[] spearman,
        double[] helpful,
        double[] helpful50,
        double[] harmful,
        double[] candidates,
        double[] within,
        double[] withinTop) {

    private static final int TOP = 10;
    private static final int MORE = 50;

    /** One candidate in so many is scored again. */
    private static final int CANDIDATES = 20;

    private static final double ERRORS = 2;

    /** Compares estimates, and their standard errors where there are any, with the full scores of the same pairs. */
    static Measured of(
            String name,
            long bytes,
            double percent,
            InfluenceScores full,
            InfluenceScores estimates,
            Optional<InfluenceScores> errors) {
        int questions = full.queryIds().length;
        int examples = full.trainIds().length;
        double[] spearman = new double[questions];
        double[] within = new double[errors.isPresent() ? questions : 0];
        double[] withinTop = new double[within.length];
        for (int q = 0; q < questions; q++) {
            spearman[q] = new SpearmansCorrelation().correlation(full.row(q), estimates.row(q));
            if (errors.isPresent()) {
                Set<Integer> top = places(full.topK(q, TOP));
                for (int z = 0; z < examples; z++) {
                    double off = Math.abs(estimates.score(q, z) - full.score(q, z));
                    int counted = off <= ERRORS * errors.get().score(q, z) ? 1 : 0;
                    within[q] += (double) counted / examples;
                    withinTop[q] += top.contains(z) ? (double) counted / top.size() : 0;
                }
            }
        }
        return new Measured(
                name,
                bytes,
                percent,
                spearman,
                found(full, estimates, TOP, TOP),
                found(full, estimates, MORE, MORE),
                found(full.times(-1), estimates.times(-1), TOP, TOP),
                found(full, estimates, TOP, Math.max(TOP, examples / CANDIDATES)),
                within,
                withinTop);
    }

    private static double[] found(InfluenceScores full, InfluenceScores estimates, int wanted, int kept) {
        double[] shares = new double[full.queryIds().length];
        Arrays.setAll(shares, q -> {
            Set<Integer> best = places(estimates.topK(q, kept));
            Set<Integer> top = places(full.topK(q, wanted));
            return top.stream().filter(best::contains).count() / (double) top.size();
        });
        return shares;
    }

    /** Ids of training sequences are their places. */
    private static Set<Integer> places(List<Influence> influences) {
        return influences.stream()
                .map(influence -> Math.toIntExact(influence.trainId()))
                .collect(Collectors.toSet());
    }
}
