package io.github.influence4j.index;

import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Seeds;
import io.github.influence4j.api.TopInfluences;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Draws for each question a random sample of the training examples that are not among its candidates, to be scored exactly with
 * them. Questions have samples of their own, so that all pairs are independent.
 */
final class IndexAudit {

    private final int k;
    private final List<Set<Long>> candidates = new ArrayList<>();
    private final List<Set<Long>> samples = new ArrayList<>();
    private final long others;

    /**
     * Draws the samples.
     *
     * @param ids of all training examples
     * @param found the candidates
     * @param k the best of them that are meant
     * @param size of each sample; all the others where they are fewer
     * @param seed decides the samples
     * @throws IllegalArgumentException if a question has fewer than k candidates, or nothing is left out
     */
    IndexAudit(long[] ids, TopInfluences found, int k, int size, long seed) {
        this.k = k;
        int fewest = found.helpful().stream().mapToInt(List::size).min().orElse(0);
        int most = found.helpful().stream().mapToInt(List::size).max().orElse(0);
        if (k < 1 || size < 1 || fewest < k || fewest != most) {
            throw new IllegalArgumentException(
                    "an audit of the best " + k + " needs as many candidates of each question,"
                            + " at least " + k + ", and a sample; found " + fewest + " to " + most
                            + " candidates and a sample of "
                            + size);
        }
        this.others = ids.length - (long) most;
        if (others < 1) {
            throw new IllegalArgumentException(
                    "all " + ids.length + " training examples are candidates: there is nothing to audit");
        }
        for (int q = 0; q < found.helpful().size(); q++) {
            Set<Long> own = new LinkedHashSet<>(
                    found.helpful().get(q).stream().map(Influence::trainId).toList());
            candidates.add(own);
            samples.add(sample(ids, own, Math.min(size, others), new SplittableRandom(Seeds.derived(seed, q))));
        }
    }

    /** Shuffles as much as is needed. */
    private static Set<Long> sample(long[] ids, Set<Long> without, long size, SplittableRandom random) {
        Map<Integer, Integer> moved = new HashMap<>();
        Set<Long> sample = new LinkedHashSet<>();
        for (int at = 0; sample.size() < size; at++) {
            int other = random.nextInt(at, ids.length);
            int chosen = moved.getOrDefault(other, other);
            moved.put(other, moved.getOrDefault(at, at));
            if (!without.contains(ids[chosen])) {
                sample.add(ids[chosen]);
            }
        }
        return sample;
    }

    /**
     * Scores what is needed and compares.
     *
     * @param scoring gives the exact scores of some training examples, for the questions in their order
     * @return what the candidates are likely to miss
     */
    RecallBound run(Function<Set<Long>, InfluenceScores> scoring) {
        Set<Long> all = new TreeSet<>();
        candidates.forEach(all::addAll);
        samples.forEach(all::addAll);
        InfluenceScores scores = scoring.apply(all);
        long[] ids = scores.trainIds();
        int trials = 0;
        int higher = 0;
        for (int q = 0; q < candidates.size(); q++) {
            double[] row = scores.row(q);
            double bar = bar(row, ids, candidates.get(q));
            for (int z = 0; z < row.length; z++) {
                higher += samples.get(q).contains(ids[z]) && row[z] > bar ? 1 : 0;
            }
            trials += samples.get(q).size();
        }
        return RecallBound.of(k, others, trials, higher);
    }

    /** The k-th highest score of a question's candidates. */
    private double bar(double[] row, long[] ids, Set<Long> own) {
        double[] candidate = new double[own.size()];
        int count = 0;
        for (int z = 0; z < row.length; z++) {
            if (own.contains(ids[z])) {
                candidate[count++] = row[z];
            }
        }
        Arrays.sort(candidate);
        return candidate[candidate.length - k];
    }
}
