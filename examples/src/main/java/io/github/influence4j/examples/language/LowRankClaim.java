package io.github.influence4j.examples.language;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.examples.corpus.Prompt;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Claim 5: preconditioned queries can be cut to a low rank. */
final class LowRankClaim {

    private static final int[] RANKS = {1, 2, 4, 8, 16, 32};
    private static final int TOP = 20;
    private static final double EQUAL = 1e-9;

    private LowRankClaim() {}

    static Claim measure(SyntheticBed bed, IhvpSolver solver, List<Prompt> prompts, int sequences) {
        ExampleSource<TokenSequence> candidates = bed.train(sequences);
        InfluenceScores full = bed.scores(solver, prompts, candidates, ScoreOptions.defaults());
        Map<String, Double> pearson = new LinkedHashMap<>();
        Map<String, Object> measured = new LinkedHashMap<>();
        Map<String, double[]> perQuery = new LinkedHashMap<>();
        Map<String, Double> overlap = new LinkedHashMap<>();
        boolean monotone = true;
        double previous = 0;
        for (int rank : RANKS) {
            InfluenceScores cut = bed.scores(
                    solver, prompts, candidates, ScoreOptions.defaults().withRank(rank));
            double[] correlations = Statistics.pearson(full, cut);
            double mean = Statistics.mean(correlations);
            monotone &= mean >= previous;
            previous = mean;
            pearson.put("rank " + rank, mean);
            perQuery.put("rank " + rank, correlations);
            overlap.put("rank " + rank, Statistics.mean(Statistics.overlap(full, cut, TOP)));
        }
        int whole = bed.model().layers().stream()
                .mapToInt(LowRankClaim::wholeRank)
                .max()
                .orElseThrow();
        double difference = Statistics.largestDifference(
                full,
                bed.scores(solver, prompts, candidates, ScoreOptions.defaults().withRank(whole)));
        measured.put("mean Pearson to full rank", pearson);
        measured.put("mean overlap of the top 20", overlap);
        measured.put("Pearson per query", perQuery);
        measured.put("monotone", monotone);
        measured.put("largest difference at rank " + whole, difference);
        boolean holds = pearson.getOrDefault("rank 8", 0.0) >= 0.98
                && pearson.getOrDefault("rank 16", 0.0) >= 0.995
                && monotone
                && difference <= EQUAL;
        return new Claim(
                5,
                "Low-rank query batching: cut to a low rank, a query gives the same scores",
                measured,
                "r=8 ≥.98, r=16 ≥.995, monotone; full rank equals untruncated to 1e-9",
                holds);
    }

    private static int wholeRank(LayerSpec layer) {
        return Math.min(layer.outputs(), layer.gradientColumns());
    }
}
