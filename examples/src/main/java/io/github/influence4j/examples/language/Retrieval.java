package io.github.influence4j.examples.language;

import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * How well a ranking of the training sequences finds those that state the answer.
 *
 * @param relevant R, the number of sequences that do
 * @param precision share of relevant sequences among the first min(10, R)
 * @param reciprocalRank 1 / the rank of the first relevant sequence
 */
public record Retrieval(int relevant, double precision, double reciprocalRank) {

    private static final int DEPTH = 10;

    /**
     * Ranks by score, highest first, ties in the order of the corpus.
     *
     * @param scores one score for each sequence
     * @param isRelevant says whether a sequence states the answer
     * @return the quality of the ranking
     * @throws IllegalArgumentException if no sequence is relevant
     */
    static Retrieval of(double[] scores, IntPredicate isRelevant) {
        List<Integer> ranking = IntStream.range(0, scores.length)
                .boxed()
                .sorted(Comparator.comparingDouble(z -> -scores[z]))
                .toList();
        int relevant =
                (int) IntStream.range(0, scores.length).filter(isRelevant).count();
        if (relevant == 0) {
            throw new IllegalArgumentException("no sequence states the answer, so none can be found");
        }
        int depth = Math.min(DEPTH, relevant);
        long found = ranking.subList(0, depth).stream().filter(isRelevant::test).count();
        int first = IntStream.range(0, ranking.size())
                .filter(r -> isRelevant.test(ranking.get(r)))
                .findFirst()
                .orElseThrow();
        return new Retrieval(relevant, found / (double) depth, 1.0 / (first + 1));
    }
}
