package io.github.influence4j.ekfac.score;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Provenance;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The scores of a run while they come in, [queries, train], in float64. */
final class ScoreTable {

    private static final double[][][] NO_TOKENS = {};

    private final List<LayerSpec> layers;
    private final long[] queryIds;
    private final long[] trainIds;
    private final double[][] total;
    private final Map<String, double[][]> perLayer = new LinkedHashMap<>();
    private final double[][][] perToken;

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

    void setIds(long firstExample, long[] ids) {
        System.arraycopy(ids, 0, trainIds, (int) firstExample, ids.length);
    }

    boolean keepsTokens(LayerSpec layer) {
        return perToken.length > 0 && layer.positions() == Positions.TOKENS;
    }

    /** Adds the scores of one layer for some queries and examples; {@code scores} is [examples, queries]. */
    void add(int layer, int firstQuery, int queries, int firstExample, int examples, double[] scores) {
        for (int e = 0; e < examples; e++) {
            for (int q = 0; q < queries; q++) {
                add(layer, firstQuery + q, firstExample + e, scores[e * queries + q]);
            }
        }
    }

    private void add(int layer, int query, int example, double score) {
        total[query][example] += score;
        double[][] part = perLayer.get(layers.get(layer).name());
        if (part != null) {
            part[query][example] += score;
        }
    }

    /**
     * Adds the scores of one layer for some queries and positions.
     *
     * @param firstRow row, among those of the batch, of the first position
     * @param shape positions and tokens of an example
     * @param scores [rows, queries]
     */
    void addPositions(
            int layer, int firstQuery, int queries, int firstExample, int firstRow, Shape shape, double[] scores) {
        for (int r = 0; r < shape.rows(); r++) {
            int example = firstExample + (firstRow + r) / shape.positions();
            int token = (firstRow + r) % shape.positions() % shape.tokens();
            for (int q = 0; q < queries; q++) {
                double score = scores[r * queries + q];
                add(layer, firstQuery + q, example, score);
                if (keepsTokens(layers.get(layer))) {
                    tokens(layer, firstQuery + q, example, shape.tokens())[token] += score;
                }
            }
        }
    }

    /** Shape of some rows of positions. */
    record Shape(int rows, int positions, int tokens) {}

    private double[] tokens(int layer, int query, int example, int count) {
        double[] tokens = perToken[query][example];
        if (tokens == null) {
            tokens = new double[count];
            perToken[query][example] = tokens;
        }
        if (tokens.length != count) {
            throw new IllegalArgumentException("layer " + layers.get(layer).name() + ": example " + trainIds[example]
                    + " has " + count + " tokens, but " + tokens.length + " at an earlier layer");
        }
        return tokens;
    }

    InfluenceScores finish(Provenance provenance) {
        return new InfluenceScores(queryIds, trainIds, total, perLayer, perToken, provenance);
    }
}
