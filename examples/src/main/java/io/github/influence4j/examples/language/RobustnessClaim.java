package io.github.influence4j.examples.language;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.examples.corpus.Prompt;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Claim 11: scores depend little on the damping and on how much data the curvature was fitted to. */
final class RobustnessClaim {

    private static final double[] MULTIPLES = {0.001, 0.01, 1, 10};
    private static final int[] FITTED = {100, 300, 1000, 3000};
    private static final double LEAST_FOR_DAMPING = 0.9;
    private static final double LEAST_FOR_SIZE = 0.97;

    private RobustnessClaim() {}

    /** {@code reference}: the scores of the same prompts with the whole fit and the default damping. */
    static Claim measure(
            SyntheticBed bed, EigenbasisCurvature curvature, List<Prompt> prompts, InfluenceScores reference) {
        Map<String, Object> damping = new LinkedHashMap<>();
        Map<String, Object> size = new LinkedHashMap<>();
        boolean holds = true;
        for (double multiple : MULTIPLES) {
            try (IhvpSolver solver = curvature.solver(Damping.relative(multiple))) {
                InfluenceScores scores = bed.scores(solver, prompts);
                double[] pearson = Statistics.pearson(reference, scores);
                damping.put("m=" + multiple, correlations(pearson, Statistics.spearman(reference, scores)));
                if (multiple >= 0.01 && multiple <= 1) {
                    holds &= Statistics.mean(pearson) >= LEAST_FOR_DAMPING;
                }
            }
        }
        for (int fitted : FITTED) {
            try (EigenbasisCurvature smaller = bed.fit(FitOptions.defaults(), bed.train(fitted));
                    IhvpSolver solver = smaller.solver(Damping.DEFAULT)) {
                InfluenceScores scores = bed.scores(solver, prompts);
                double[] pearson = Statistics.pearson(reference, scores);
                size.put("n=" + fitted, correlations(pearson, Statistics.spearman(reference, scores)));
                if (fitted == 1000) {
                    holds &= Statistics.mean(pearson) >= LEAST_FOR_SIZE;
                }
            }
        }
        Map<String, Object> measured = new LinkedHashMap<>();
        measured.put("damping, against m=0.1", damping);
        measured.put("sequences of the fit, against " + bed.train().size(), size);
        return new Claim(11, "Robust to damping and fit size", measured, "≥.9 for m∈[.01,1]; ≥.97 at n=1,000", holds);
    }

    private static Map<String, Object> correlations(double[] pearson, double[] spearman) {
        Map<String, Object> both = new LinkedHashMap<>();
        both.put("Pearson", Statistics.mean(pearson));
        both.put("Spearman", Statistics.mean(spearman));
        both.put("Pearson per query", pearson);
        both.put("Spearman per query", spearman);
        return both;
    }
}
