package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.options.ScoreOptions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Keeps every score, [queries, train], in float64. */
final class ScoreTable implements ScoreCollector {

    private static final double[][][] NO_TOKENS = {};

    private final List<LayerSpec> layers;
    private final long[] queryIds;
    private final long[] trainIds;
    private final double[][] total;
    private final Map<String, double[][]> perLayer = new LinkedHashMap<>();
    private final double[][][] perToken;
    private int firstExample;

    ScoreTable(List<LayerSpec> layers, long[] queryIds, int train, ScoreOptions options) {
        this.layers = layers;
        this.queryIds = queryIds;
        this.trainIds = new long[train];
        this.total = new double[queryIds.length][train];
        if (options.perLayer()) {
            layers.forEach(layer -> perLayer.put(layer.name(), new double[queryIds.length][train]));
        }
        if (options.perToken() && layers.stream().noneMatch(layer -> layer.positions() == Positions.TOKENS)) {
            throw new IllegalArgumentException(
                    "scores per token were asked for, but no layer runs at tokens: " + layers);
        }
        this.perToken = options.perToken() ? new double[queryIds.length][train][] : NO_TOKENS;
    }

    @Override
    public boolean keepsTokens(LayerSpec layer) {
        return perToken.length > 0 && layer.positions() == Positions.TOKENS;
    }

    @Override
    public void startPass(int firstQuery, int queries) {
        // every pass fills rows of its own
    }

    @Override
    public void startBatch(long first, long[] ids) {
        firstExample = (int) first;
        System.arraycopy(ids, 0, trainIds, firstExample, ids.length);
    }

    @Override
    public void add(int layer, int example, int firstQuery, int queries, double[] scores, int start) {
        int column = firstExample + example;
        double[][] part = perLayer.get(layers.get(layer).name());
        for (int q = 0; q < queries; q++) {
            total[firstQuery + q][column] += scores[start + q];
            if (part != null) {
                part[firstQuery + q][column] += scores[start + q];
            }
        }
    }

    @Override
    public void addToken(int layer, int query, int example, int token, int tokens, double score) {
        double[] parts = perToken[query][firstExample + example];
        if (parts == null) {
            parts = new double[tokens];
            perToken[query][firstExample + example] = parts;
        }
        if (parts.length != tokens) {
            throw new IllegalArgumentException("layer " + layers.get(layer).name() + ": example "
                    + trainIds[firstExample + example] + " has " + tokens + " tokens, but " + parts.length
                    + " at an earlier layer");
        }
        parts[token] += score;
    }

    @Override
    public void finishBatch() {
        // every score is in its place already
    }

    InfluenceScores finish(Provenance provenance) {
        return new InfluenceScores(queryIds, trainIds, total, perLayer, perToken, provenance);
    }
}
