package io.github.influence4j.index;

import org.apache.commons.math3.distribution.BetaDistribution;

/**
 * What a search for the best is likely to have missed, by a random sample of the training examples that it left out.
 *
 * <p>If a share p of the R examples that were left out scores higher than the k-th best candidate, at least k − pR of the true k best
 * are candidates: recall ≥ 1 − pR/k. The interval is Clopper and Pearson's for p at 95 %, over all questions together.
 *
 * @param k how many of the best
 * @param others R, the training examples that a question's candidates leave out
 * @param trials sampled pairs of a question and one of its others
 * @param higher pairs of these that score higher than the k-th best candidate of the question
 * @param recall 1 − pR/k with the sample's share, at least 0
 * @param low the same with the upper end of the interval for p
 * @param high the same with the lower end
 */
public record RecallBound(int k, long others, int trials, int higher, double recall, double low, double high) {

    /** Either side of 95 %. */
    private static final double TAIL = 0.025;

    /**
     * Estimates the recall.
     *
     * @param k how many of the best
     * @param others R
     * @param trials sampled pairs
     * @param higher pairs that score higher than the k-th best candidate
     * @return the estimate and its interval
     * @throws IllegalArgumentException if k or the trials are not positive, or more pairs score higher than there are
     */
    public static RecallBound of(int k, long others, int trials, int higher) {
        if (k < 1 || trials < 1 || higher < 0 || higher > trials || others < 0) {
            throw new IllegalArgumentException("recall at " + k + " needs a sample, found " + higher + " of " + trials
                    + " pairs, of " + others + " others");
        }
        // by quantiles of beta distributions: Commons Math's own interval fails where nothing, or everything, is higher
        double least = higher == 0
                ? 0
                : new BetaDistribution(higher, trials - higher + 1.0).inverseCumulativeProbability(TAIL);
        double most = higher == trials
                ? 1
                : new BetaDistribution(higher + 1.0, trials - higher).inverseCumulativeProbability(1 - TAIL);
        return new RecallBound(
                k,
                others,
                trials,
                higher,
                recall(k, others, (double) higher / trials),
                recall(k, others, most),
                recall(k, others, least));
    }

    private static double recall(int k, long others, double share) {
        return Math.max(0, 1 - share * others / k);
    }

    /** Says the recall and its interval. */
    @Override
    public String toString() {
        return "recall at " + k + " at least " + recall + " (" + low + " to " + high + ")";
    }
}
