package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.Influence;
import io.github.influence4j.api.LayerSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** Keeps the k highest and the k lowest scores of each query; memory does not grow with the training set. */
final class TopCollector implements ScoreCollector {

    /** Ties go to the earlier example, whatever the order in which they come. */
    private record Candidate(long index, Influence influence) {}

    private final int k;
    private final List<PriorityQueue<Candidate>> highest = new ArrayList<>();
    private final List<PriorityQueue<Candidate>> lowest = new ArrayList<>();
    /** By example and query: scores of the batch. */
    private final double[][] batch;

    /** By query: what a score must not fall below, or exceed, to be kept. */
    private final double[] floor;

    private final double[] ceiling;
    private int firstQuery;
    private int queries;
    private long firstExample;
    private long[] ids = {};

    TopCollector(int queries, int k, int batchSize) {
        this.k = k;
        this.batch = new double[batchSize][queries];
        this.floor = new double[queries];
        this.ceiling = new double[queries];
        Arrays.fill(floor, Double.NEGATIVE_INFINITY);
        Arrays.fill(ceiling, Double.POSITIVE_INFINITY);
        Comparator<Candidate> later = Comparator.comparingLong(Candidate::index).reversed();
        Comparator<Candidate> byScore =
                Comparator.comparingDouble(c -> c.influence().score());
        for (int q = 0; q < queries; q++) {
            highest.add(new PriorityQueue<>(byScore.thenComparing(later)));
            lowest.add(new PriorityQueue<>(byScore.reversed().thenComparing(later)));
        }
    }

    @Override
    public boolean keepsTokens(LayerSpec layer) {
        return false;
    }

    @Override
    public void startPass(int first, int count) {
        firstQuery = first;
        queries = count;
    }

    @Override
    public void startBatch(long first, long[] batchIds) {
        firstExample = first;
        ids = batchIds;
        for (double[] row : batch) {
            Arrays.fill(row, 0);
        }
    }

    @Override
    public void add(int layer, int example, int first, int count, double[] scores, int start) {
        double[] row = batch[example];
        for (int q = 0; q < count; q++) {
            row[first + q] += scores[start + q];
        }
    }

    @Override
    public void addToken(int layer, int query, int example, int token, int tokens, double score) {
        throw new IllegalStateException("tokens are not kept");
    }

    /** Most scores are neither high nor low enough, and nothing is made of them. */
    @Override
    public void finishBatch() {
        for (int e = 0; e < ids.length; e++) {
            for (int q = firstQuery; q < firstQuery + queries; q++) {
                double score = batch[e][q];
                // not the other way round: what is not a number must not vanish
                if (!(score < floor[q])) {
                    floor[q] = offer(highest.get(q), e, score, Double.NEGATIVE_INFINITY);
                }
                if (!(score > ceiling[q])) {
                    ceiling[q] = offer(lowest.get(q), e, score, Double.POSITIVE_INFINITY);
                }
            }
        }
    }

    /** Returns the worst score that is kept, or what every score passes while there is room. */
    private double offer(PriorityQueue<Candidate> kept, int example, double score, double any) {
        kept.add(new Candidate(firstExample + example, new Influence(ids[example], score)));
        if (kept.size() > k) {
            kept.remove();
        }
        return kept.size() < k ? any : kept.element().influence().score();
    }

    List<Influence> highest(int query) {
        return bestFirst(highest.get(query));
    }

    List<Influence> lowest(int query) {
        return bestFirst(lowest.get(query));
    }

    private static List<Influence> bestFirst(PriorityQueue<Candidate> kept) {
        return kept.stream()
                .sorted(kept.comparator().reversed())
                .map(Candidate::influence)
                .toList();
    }
}
