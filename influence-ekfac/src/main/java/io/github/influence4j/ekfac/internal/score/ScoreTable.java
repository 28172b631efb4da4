package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.options.ScoreOptions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Keeps every score, [rows, train], in float64: a row for each query, or one for the sum over all of them. */
final class ScoreTable implements ScoreCollector<InfluenceScores> {

    private static final double[][][] NO_TOKENS = {};

    private final List<LayerSpec> layers;
    private final long[] rowIds;
    private final boolean apart;
    private final long[] trainIds;
    private final double[][] total;
    private final Map<String, double[][]> perLayer = new LinkedHashMap<>();
    private final double[][][] perToken;
    private final Map<String, double[][][]> perLayerToken = new LinkedHashMap<>();
    private int firstExample;

    /**
     * Begins with nothing.
     *
     * @param queryIds ids of the queries
     * @param apart whether each of them has a row
     */
    ScoreTable(List<LayerSpec> layers, long[] queryIds, boolean apart, int train, ScoreOptions options) {
        this.layers = layers;
        this.rowIds = apart ? queryIds : new long[] {-1};
        this.apart = apart;
        this.trainIds = new long[train];
        this.total = new double[rowIds.length][train];
        if (options.perLayer()) {
            layers.forEach(layer -> perLayer.put(layer.name(), new double[rowIds.length][train]));
        }
        TopParts.requireTokens(layers, options);
        this.perToken = options.perToken() ? new double[rowIds.length][train][] : NO_TOKENS;
        if (options.perLayer() && options.layerTokens()) {
            layers.stream()
                    .filter(this::keepsTokens)
                    .forEach(layer -> perLayerToken.put(layer.name(), new double[rowIds.length][train][]));
        }
    }

    private int row(int query) {
        return apart ? query : 0;
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
            int row = row(firstQuery + q);
            total[row][column] += scores[start + q];
            if (part != null) {
                part[row][column] += scores[start + q];
            }
        }
    }

    @Override
    public void addToken(int layer, int query, int example, int token, int tokens, double score) {
        String name = layers.get(layer).name();
        double[] parts = parts(perToken[row(query)], example, tokens);
        if (parts.length != tokens) {
            throw new IllegalArgumentException("layer " + name + ": example " + trainIds[firstExample + example]
                    + " has " + tokens + " tokens, but " + parts.length + " at an earlier layer");
        }
        parts[token] += score;
        double[][][] own = perLayerToken.get(name);
        if (own != null) {
            parts(own[row(query)], example, tokens)[token] += score;
        }
    }

    private double[] parts(double[][] row, int example, int tokens) {
        double[] parts = row[firstExample + example];
        if (parts == null) {
            parts = new double[tokens];
            row[firstExample + example] = parts;
        }
        return parts;
    }

    @Override
    public void finishBatch() {
        // every score is in its place already
    }

    @Override
    public InfluenceScores finish(Provenance provenance) {
        return new InfluenceScores(rowIds, trainIds, total, perLayer, perToken, provenance)
                .withLayerTokens(perLayerToken);
    }
}
