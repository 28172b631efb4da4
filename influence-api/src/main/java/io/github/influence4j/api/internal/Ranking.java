package io.github.influence4j.api.internal;

import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * The k first of the scores of one query, from one end. Every ranking of the library is made here, whether scores are in memory,
 * stream past, lie in files or are computed again.
 *
 * <p>What is not a number ranks before every number, at both ends, so that it is seen. Numbers follow from the end on; among
 * equals, 0 and −0 too, the example that was offered earlier comes first. Examples are offered in the order of the training set,
 * or part by part, each part's first ones in their order: both give the same.
 *
 * <p>Memory for k examples; log k steps for an example that is kept, one comparison for others. Not for use by several threads.
 */
public final class Ranking {

    /** From which end scores are ranked. */
    public enum End {
        /** Highest first. */
        HIGHEST,
        /** Lowest first. */
        LOWEST
    }

    /** Makes what stands for an example in a result. */
    @FunctionalInterface
    public interface Entry<T> {
        /**
         * Makes an entry.
         *
         * @param id id of the training example
         * @param score its score
         * @return the entry
         */
        T of(long id, double score);
    }

    private record Ranked(long place, long id, double score) {}

    private final End end;
    private final int k;
    private final Comparator<Ranked> bestFirst;
    private final PriorityQueue<Ranked> kept;
    private long offered;
    private boolean full;
    private double last;

    /**
     * Begins with nothing.
     *
     * @param end from which end
     * @param k how many are kept
     * @throws IllegalArgumentException if {@code k} is negative
     */
    public Ranking(End end, int k) {
        if (k < 0) {
            throw new IllegalArgumentException("k must not be negative, found " + k);
        }
        this.end = end;
        this.k = k;
        this.bestFirst = (a, b) -> {
            int byScore = compare(a.score(), b.score());
            return byScore != 0 ? byScore : Long.compare(a.place(), b.place());
        };
        this.kept = new PriorityQueue<>(bestFirst.reversed());
        this.full = k == 0;
        this.last = Double.NaN;
    }

    /**
     * Takes the next example.
     *
     * @param id its id
     * @param score its score
     */
    public void offer(long id, double score) {
        long place = offered++;
        // most are neither high nor low enough, and an equal one is later than all that are kept
        if (full && compare(score, last) >= 0) {
            return;
        }
        kept.add(new Ranked(place, id, score));
        if (kept.size() > k) {
            kept.remove();
        }
        full = kept.size() == k;
        last = kept.element().score();
    }

    /** Negative where a score ranks before another whatever their places. */
    private int compare(double a, double b) {
        boolean aIsNumber = !Double.isNaN(a);
        boolean bIsNumber = !Double.isNaN(b);
        if (!aIsNumber || !bIsNumber) {
            return Boolean.compare(aIsNumber, bIsNumber);
        }
        if (a == b) {
            return 0;
        }
        return a > b == (end == End.HIGHEST) ? -1 : 1;
    }

    /**
     * Returns what is kept.
     *
     * @param <T> what stands for an example
     * @param entry makes it
     * @return at most k, the first one first
     */
    public <T> List<T> best(Entry<T> entry) {
        return kept.stream()
                .sorted(bestFirst)
                .map(ranked -> entry.of(ranked.id(), ranked.score()))
                .toList();
    }
}
