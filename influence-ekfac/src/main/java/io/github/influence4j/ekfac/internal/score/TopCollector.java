package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.Influence;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.api.internal.Ranking;
import io.github.influence4j.api.internal.Ranking.End;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/** Keeps the k highest and the k lowest scores of each query; memory does not grow with the training set. */
final class TopCollector implements ScoreCollector<TopInfluences> {

    private final long[] queryIds;
    private final List<Ranking> highest = new ArrayList<>();
    private final List<Ranking> lowest = new ArrayList<>();
    /** By example and query of the pass: scores of the batch. */
    private double[][] batch = {};

    private int firstQuery;
    private int queries;
    private long[] ids = {};

    TopCollector(long[] queryIds, int k) {
        this.queryIds = queryIds;
        for (int q = 0; q < queryIds.length; q++) {
            highest.add(new Ranking(End.HIGHEST, k));
            lowest.add(new Ranking(End.LOWEST, k));
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
        ids = batchIds;
        batch = new double[ids.length][queries];
    }

    @Override
    public void add(int layer, int example, int first, int count, double[] scores, int start) {
        double[] row = batch[example];
        for (int q = 0; q < count; q++) {
            row[first - firstQuery + q] += scores[start + q];
        }
    }

    @Override
    public void addToken(int layer, int query, int example, int token, int tokens, double score) {
        throw new IllegalStateException("tokens are not kept");
    }

    @Override
    public void finishBatch() {
        for (int e = 0; e < ids.length; e++) {
            for (int q = 0; q < queries; q++) {
                highest.get(firstQuery + q).offer(ids[e], batch[e][q]);
                lowest.get(firstQuery + q).offer(ids[e], batch[e][q]);
            }
        }
    }

    @Override
    public TopInfluences finish(Provenance provenance) {
        return new TopInfluences(LongStream.of(queryIds).boxed().toList(), best(highest), best(lowest), provenance);
    }

    private static List<List<Influence>> best(List<Ranking> rankings) {
        return rankings.stream().map(ranking -> ranking.best(Influence::new)).toList();
    }
}
