package io.github.influence4j.api;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.ToIntFunction;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * The training examples with the highest and the lowest scores of each query, ranked by the rule of {@link InfluenceScores#topK}.
 *
 * @param queryIds ids of the queries
 * @param helpful for each query, the highest scores, highest first
 * @param harmful for each query, the lowest scores, lowest first
 * @param parts for each query, what {@link #kept(int)} returns, with the parts by layer or token that were asked for; empty where
 *     none were
 * @param provenance how the scores were made
 */
public record TopInfluences(
        List<Long> queryIds,
        List<List<Influence>> helpful,
        List<List<Influence>> harmful,
        List<InfluenceScores> parts,
        Provenance provenance) {

    /**
     * Copies the lists.
     *
     * @throws IllegalArgumentException if there are not as many parts as queries, nor none
     */
    public TopInfluences {
        queryIds = List.copyOf(queryIds);
        helpful = List.copyOf(helpful);
        harmful = List.copyOf(harmful);
        parts = List.copyOf(parts);
        if (!parts.isEmpty() && parts.size() != queryIds.size()) {
            throw new IllegalArgumentException(
                    "parts: expected those of " + queryIds.size() + " queries, found " + parts.size());
        }
    }

    /**
     * Makes a result without parts.
     *
     * @param queryIds ids of the queries
     * @param helpful for each query, the highest scores, highest first
     * @param harmful for each query, the lowest scores, lowest first
     * @param provenance how the scores were made
     */
    public TopInfluences(
            List<Long> queryIds, List<List<Influence>> helpful, List<List<Influence>> harmful, Provenance provenance) {
        this(queryIds, helpful, harmful, List.of(), provenance);
    }

    /**
     * Returns the scores that were kept of a query, each once, with their parts if those were asked for.
     *
     * @param query place of the query, from 0
     * @return scores of this query, the helpful examples first
     * @throws IndexOutOfBoundsException if there is no such query
     */
    public InfluenceScores kept(int query) {
        return parts.isEmpty() ? kept(query, Map.of(), new double[0][][], Map.of()) : parts.get(query);
    }

    /**
     * Returns the scores that were kept of a query, each once, with the parts that other scores hold of them.
     *
     * @param query place of the query, from 0
     * @param scores scores with parts, of at least this query and what was kept of it
     * @return scores of this query, the helpful examples first
     * @throws IllegalArgumentException if those scores lack the query or an example
     * @throws IndexOutOfBoundsException if there is no such query
     */
    public InfluenceScores kept(int query, InfluenceScores scores) {
        int row = indexOf("query", scores.queryIds()).applyAsInt(queryIds.get(query));
        ToIntFunction<Long> columnOf = indexOf("example", scores.trainIds());
        int[] columns = totals(query).keySet().stream().mapToInt(columnOf).toArray();
        Map<String, double[][]> layers = new LinkedHashMap<>();
        double[] whole = new double[scores.trainIds().length];
        for (String layer : scores.layers()) {
            scores.layer(layer).read(row, 1, whole, 0);
            double[] part = new double[columns.length];
            for (int k = 0; k < columns.length; k++) {
                part[k] = whole[columns[k]];
            }
            layers.put(layer, new double[][] {part});
        }
        double[][][] tokens = scores.hasTokens() ? rows(columns, z -> scores.tokens(row, z)) : new double[0][][];
        Map<String, double[][][]> both = new LinkedHashMap<>();
        scores.tokenLayers().forEach(layer -> both.put(layer, rows(columns, z -> scores.tokens(layer, row, z))));
        return kept(query, layers, tokens, both);
    }

    private static double[][][] rows(int[] columns, IntFunction<double[]> tokens) {
        return new double[][][] {Arrays.stream(columns).mapToObj(tokens).toArray(double[][]::new)};
    }

    private static ToIntFunction<Long> indexOf(String what, long[] ids) {
        Map<Long, Integer> places = new HashMap<>();
        for (int k = 0; k < ids.length; k++) {
            places.put(ids[k], k);
        }
        return id -> {
            Integer place = places.get(id);
            if (place == null) {
                throw new IllegalArgumentException("the scores lack " + what + " " + id + ", which was kept");
            }
            return place;
        };
    }

    private InfluenceScores kept(
            int query, Map<String, double[][]> layers, double[][][] tokens, Map<String, double[][][]> both) {
        Map<Long, Double> totals = totals(query);
        long[] ids = {queryIds.get(query)};
        long[] train = totals.keySet().stream().mapToLong(Long::longValue).toArray();
        double[][] row = {
            totals.values().stream().mapToDouble(Double::doubleValue).toArray()
        };
        return new InfluenceScores(ids, train, row, layers, tokens, provenance).withLayerTokens(both);
    }

    /** By training example; where k is large an example is at both ends. */
    private Map<Long, Double> totals(int query) {
        Map<Long, Double> totals = new LinkedHashMap<>();
        Stream.concat(helpful.get(query).stream(), harmful.get(query).stream())
                .forEach(one -> totals.put(one.trainId(), one.score()));
        return totals;
    }

    /**
     * Ranks scores.
     *
     * @param scores the scores
     * @param k how many of each end
     * @return the k highest and the k lowest of each query, with the parts that the scores have
     * @throws IllegalArgumentException if k is negative
     */
    public static TopInfluences of(InfluenceScores scores, int k) {
        List<List<Influence>> helpful = new ArrayList<>();
        List<List<Influence>> harmful = new ArrayList<>();
        List<Long> ids = LongStream.of(scores.queryIds()).boxed().toList();
        for (int q = 0; q < ids.size(); q++) {
            helpful.add(scores.topK(q, k));
            harmful.add(scores.bottomK(q, k));
        }
        TopInfluences top = new TopInfluences(ids, helpful, harmful, scores.provenance());
        if (scores.layers().isEmpty() && !scores.hasTokens()) {
            return top;
        }
        List<InfluenceScores> parts = new ArrayList<>();
        for (int q = 0; q < ids.size(); q++) {
            parts.add(top.kept(q, scores));
        }
        return top.withParts(parts);
    }

    /**
     * Adds parts.
     *
     * @param value for each query, its scores with parts
     * @return the same with these parts
     * @throws IllegalArgumentException if there are not as many as queries
     */
    public TopInfluences withParts(List<InfluenceScores> value) {
        return new TopInfluences(queryIds, helpful, harmful, value, provenance);
    }

    /**
     * Multiplies all scores, as {@link InfluenceScores#times} does.
     *
     * @param factor the factor, positive so that best stays best
     * @return new scores
     * @throws IllegalArgumentException if the factor is not positive
     */
    public TopInfluences times(double factor) {
        if (!(factor > 0)) {
            throw new IllegalArgumentException(
                    "the best and worst are multiplied with positive numbers, found " + factor);
        }
        return new TopInfluences(
                queryIds,
                scaled(helpful, factor),
                scaled(harmful, factor),
                parts.stream().map(part -> part.times(factor)).toList(),
                provenance.withOption("scaled by", Double.toString(factor)));
    }

    private static List<List<Influence>> scaled(List<List<Influence>> rows, double factor) {
        return rows.stream()
                .map(row -> row.stream()
                        .map(one -> new Influence(one.trainId(), one.score() * factor))
                        .toList())
                .toList();
    }

    /** Says for a person how many there are, and which are the extremes of the first query. */
    @Override
    public String toString() {
        String first =
                queryIds.isEmpty() || helpful.get(0).isEmpty() || harmful.get(0).isEmpty()
                        ? ""
                        : "; query " + queryIds.get(0) + ": most helpful "
                                + helpful.get(0).get(0) + ", most harmful "
                                + harmful.get(0).get(0);
        return "best and worst training examples of " + queryIds.size() + (queryIds.size() == 1 ? " query" : " queries")
                + first;
    }
}
