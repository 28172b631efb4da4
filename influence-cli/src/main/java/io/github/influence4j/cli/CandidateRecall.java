package io.github.influence4j.cli;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.index.RecallBound;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What a search for candidates is likely to have missed, by a random sample of the examples that it left out.
 *
 * <p>For each question the sample is compared with the k-th best candidate. If a share p of the R examples left out scores higher, at
 * least k − pR of the true k best are candidates: recall ≥ 1 − pR/k. The interval is Clopper and Pearson's for p, over all questions
 * together.
 */
final class CandidateRecall {

    private static final int K = 10;

    private CandidateRecall() {}

    /**
     * Estimates the recall.
     *
     * @param scores of the candidates and of the sample
     * @param candidates which are which
     * @return words for the result; empty where there is no sample or too few candidates
     */
    static Map<String, Object> of(InfluenceScores scores, Candidates candidates) {
        Map<String, Object> result = new LinkedHashMap<>();
        Set<Long> sample = new HashSet<>(candidates.sample());
        long others = candidates.lines() - candidates.ids().size();
        if (sample.isEmpty() || candidates.ids().size() < K || others < sample.size()) {
            return result;
        }
        long[] ids = scores.trainIds();
        int trials = 0;
        int higher = 0;
        for (int q = 0; q < scores.queryIds().length; q++) {
            double[] row = scores.row(q);
            double bar = IntStream.range(0, row.length)
                    .filter(z -> !sample.contains(ids[z]))
                    .mapToDouble(z -> -row[z])
                    .sorted()
                    .skip(K - 1)
                    .map(value -> -value)
                    .findFirst()
                    .orElseThrow();
            higher += (int) IntStream.range(0, row.length)
                    .filter(z -> sample.contains(ids[z]) && row[z] > bar)
                    .count();
            trials += sample.size();
        }
        result.putAll(described(RecallBound.of(K, others, trials, higher)));
        return result;
    }

    static Map<String, Object> described(RecallBound bound) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("recall at " + bound.k() + " at least", bound.recall());
        result.put("95 % interval from", bound.low());
        result.put("95 % interval to", bound.high());
        return result;
    }
}
