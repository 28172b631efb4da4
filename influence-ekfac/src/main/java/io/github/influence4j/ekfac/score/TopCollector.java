package io.github.influence4j.ekfac.score;

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
    private final double[][] batch;
    private int firstQuery;
    private int queries;
    private long firstExample;
    private long[] ids = {};

    TopCollector(int queries, int k, int batchSize) {
        this.k = k;
        this.batch = new double[queries][batchSize];
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
    public void add(int layer, int query, int example, double score) {
        batch[query][example] += score;
    }

    @Override
    public void addToken(int layer, int query, int example, int token, int tokens, double score) {
        throw new IllegalStateException("tokens are not kept");
    }

    @Override
    public void finishBatch() {
        for (int q = firstQuery; q < firstQuery + queries; q++) {
            for (int e = 0; e < ids.length; e++) {
                offer(highest.get(q), e, batch[q][e]);
                offer(lowest.get(q), e, batch[q][e]);
            }
        }
    }

    private void offer(PriorityQueue<Candidate> kept, int example, double score) {
        Candidate candidate = new Candidate(firstExample + example, new Influence(ids[example], score));
        Candidate worst = kept.peek();
        if (kept.size() == k && worst != null && kept.comparator().compare(candidate, worst) <= 0) {
            return;
        }
        kept.add(candidate);
        if (kept.size() > k) {
            kept.remove();
        }
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
