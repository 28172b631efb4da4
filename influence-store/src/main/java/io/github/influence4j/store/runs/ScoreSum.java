package io.github.influence4j.store.runs;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Provenance;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Puts scores together: passes one under the other, or one upon the other where queries are added up, and shards side by side. */
final class ScoreSum {

    private static final double[][][] NO_TOKENS = {};

    private final long[] queryIds;
    private final long[] trainIds;
    private final double[][] total;
    private final Map<String, double[][]> perLayer = new LinkedHashMap<>();
    private double[][][] perToken = NO_TOKENS;
    private final Map<String, double[][][]> perLayerToken = new LinkedHashMap<>();

    /**
     * Begins with nothing.
     *
     * @param layers names of the layers whose parts are kept, in order
     */
    ScoreSum(long[] queryIds, long[] trainIds, List<String> layers) {
        this.queryIds = queryIds;
        this.trainIds = trainIds;
        this.total = new double[queryIds.length][trainIds.length];
        layers.forEach(layer -> perLayer.put(layer, new double[queryIds.length][trainIds.length]));
    }

    void add(int firstQuery, int firstExample, InfluenceScores unit) {
        int queries = unit.queryIds().length;
        int train = unit.trainIds().length;
        for (int q = 0; q < queries; q++) {
            double[] row = total[firstQuery + q];
            for (int z = 0; z < train; z++) {
                row[firstExample + z] += unit.score(q, z);
            }
        }
        for (String layer : unit.layers()) {
            double[][] part = perLayer.get(layer);
            if (part == null) {
                throw new IllegalStateException("scores of layer " + layer + " were not expected");
            }
            double[] row = new double[train];
            for (int q = 0; q < queries; q++) {
                unit.layer(layer).read(q, 1, row, 0);
                for (int z = 0; z < train; z++) {
                    part[firstQuery + q][firstExample + z] += row[z];
                }
            }
        }
        if (unit.hasTokens()) {
            if (perToken.length == 0) {
                perToken = noTokensYet();
            }
            addTokens(perToken, firstQuery, firstExample, unit, unit::tokens);
        }
        for (String layer : unit.tokenLayers()) {
            double[][][] part = perLayerToken.computeIfAbsent(layer, name -> noTokensYet());
            addTokens(part, firstQuery, firstExample, unit, (q, z) -> unit.tokens(layer, q, z));
        }
    }

    private double[][][] noTokensYet() {
        return new double[queryIds.length][trainIds.length][];
    }

    /** Gives the parts of the tokens of an example. */
    private interface Tokens {
        double[] of(int query, int train);
    }

    private static void addTokens(
            double[][][] sums, int firstQuery, int firstExample, InfluenceScores unit, Tokens parts) {
        for (int q = 0; q < unit.queryIds().length; q++) {
            double[][] row = sums[firstQuery + q];
            for (int z = 0; z < unit.trainIds().length; z++) {
                double[] tokens = parts.of(q, z);
                double[] before = row[firstExample + z];
                if (before != null) {
                    for (int t = 0; t < tokens.length; t++) {
                        tokens[t] += before[t];
                    }
                }
                row[firstExample + z] = tokens;
            }
        }
    }

    /** Multiplies everything that was added. */
    void scale(double factor) {
        scale(total, factor);
        perLayer.values().forEach(part -> scale(part, factor));
        for (double[][] tokens : perToken) {
            scale(tokens, factor);
        }
        for (double[][][] part : perLayerToken.values()) {
            for (double[][] tokens : part) {
                scale(tokens, factor);
            }
        }
    }

    private static void scale(double[][] rows, double factor) {
        for (double[] row : rows) {
            Arrays.setAll(row, k -> row[k] * factor);
        }
    }

    InfluenceScores finish(Provenance provenance) {
        return new InfluenceScores(queryIds, trainIds, total, perLayer, perToken, provenance)
                .withLayerTokens(perLayerToken);
    }
}
