package io.github.influence4j.api;

import io.github.influence4j.api.internal.Ranking;
import io.github.influence4j.api.internal.Ranking.End;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;

/**
 * The scores of every training example for every query, [queries, train].
 *
 * <p>score[q][z] = Σ_ℓ ⟨(G_ℓ+λ_ℓI)⁻¹ ∇m_q, ∇L_z⟩: <b>positive where the training example helps</b>, that is, where more
 * weight on z lowers the query's objective m_q. Scores are per unit of weight; {@link #times} with 1/N gives the predicted
 * change for one more copy of z (paper, Eq. 5).
 *
 * <p>Immutable. Costs 8 bytes a score, and as much again for each layer where parts per layer are kept, for each token where parts per
 * token are, and for each layer and token where both are.
 */
public final class InfluenceScores {

    private final long[] queryIds;
    private final long[] trainIds;
    private final double[][] total;
    private final Map<String, double[][]> perLayer;
    private final double[][][] perToken;
    private final Map<String, double[][][]> perLayerToken;
    private final Provenance provenance;

    /**
     * Wraps computed scores. The arrays of scores are not copied and must not be changed afterwards.
     *
     * @param queryIds ids of the queries
     * @param trainIds ids of the training examples
     * @param total [queries, train]
     * @param perLayer [queries, train] by the layer's name, which sum to {@code total}; empty where they were not kept
     * @param perToken [queries, train, tokens], summed over layers with tokens; empty where they were not kept
     * @param provenance how the scores were made
     * @throws IllegalArgumentException if a shape does not fit the ids
     */
    public InfluenceScores(
            long[] queryIds,
            long[] trainIds,
            double[][] total,
            Map<String, double[][]> perLayer,
            double[][][] perToken,
            Provenance provenance) {
        this(queryIds, trainIds, total, perLayer, perToken, Map.of(), provenance);
    }

    private InfluenceScores(
            long[] queryIds,
            long[] trainIds,
            double[][] total,
            Map<String, double[][]> perLayer,
            double[][][] perToken,
            Map<String, double[][][]> perLayerToken,
            Provenance provenance) {
        check("scores", total, queryIds.length, trainIds.length);
        perLayer.forEach((layer, part) -> check("scores of layer " + layer, part, queryIds.length, trainIds.length));
        if (perToken.length > 0) {
            checkTokens("scores per token", perToken, queryIds.length, trainIds.length);
        }
        perLayerToken.forEach((layer, part) ->
                checkTokens("scores per token of layer " + layer, part, queryIds.length, trainIds.length));
        this.queryIds = queryIds.clone();
        this.trainIds = trainIds.clone();
        this.total = total;
        this.perLayer = Collections.unmodifiableMap(new LinkedHashMap<>(perLayer));
        this.perToken = perToken;
        this.perLayerToken = Collections.unmodifiableMap(new LinkedHashMap<>(perLayerToken));
        this.provenance = provenance;
    }

    private static void checkTokens(String what, double[][][] perToken, int queries, int train) {
        if (perToken.length != queries) {
            throw new IllegalArgumentException(what + ": expected " + queries + " queries, found " + perToken.length);
        }
        for (double[][] row : perToken) {
            if (row.length != train) {
                throw new IllegalArgumentException(
                        what + ": expected " + train + " training examples, found " + row.length);
            }
        }
    }

    /**
     * Adds the part that each token of a training example has through each layer. The arrays are not copied and must not be changed
     * afterwards.
     *
     * @param value [queries, train, tokens] by the name of a layer with tokens; over layers they sum to {@link #tokens(int, int)}, over
     *     tokens to {@link #layer}; empty to keep none
     * @return the same scores with these parts
     * @throws IllegalArgumentException if a shape does not fit the ids
     * @since 0.2
     */
    public InfluenceScores withLayerTokens(Map<String, double[][][]> value) {
        return new InfluenceScores(queryIds, trainIds, total, perLayer, perToken, value, provenance);
    }

    private static void check(String what, double[][] scores, int queries, int train) {
        if (scores.length != queries) {
            throw new IllegalArgumentException(what + ": expected " + queries + " queries, found " + scores.length);
        }
        for (double[] row : scores) {
            if (row.length != train) {
                throw new IllegalArgumentException(
                        what + ": expected " + train + " training examples, found " + row.length);
            }
        }
    }

    /**
     * Returns the ids of the queries.
     *
     * @return a copy, in the order of the rows
     */
    public long[] queryIds() {
        return queryIds.clone();
    }

    /**
     * Returns the ids of the training examples.
     *
     * @return a copy, in the order of the columns
     */
    public long[] trainIds() {
        return trainIds.clone();
    }

    /**
     * Returns one score.
     *
     * @param query row of the query
     * @param train column of the training example
     * @return the score
     * @throws IllegalArgumentException if there is no such row or column
     */
    public double score(int query, int train) {
        return total[requireQuery(query)][requireTrain(train)];
    }

    private int requireQuery(int query) {
        return require("query", query, queryIds.length);
    }

    private int requireTrain(int train) {
        return require("training example", train, trainIds.length);
    }

    private static int require(String what, int index, int count) {
        if (index < 0 || index >= count) {
            throw new IllegalArgumentException(what + " " + index + " was asked for, but there are " + count
                    + ", counted from 0; rows and columns are places, not ids");
        }
        return index;
    }

    /**
     * Returns all scores of a query.
     *
     * @param query row of the query
     * @return a copy, in the order of {@link #trainIds()}
     * @throws IllegalArgumentException if there is no such row
     */
    public double[] row(int query) {
        return total[requireQuery(query)].clone();
    }

    /**
     * Returns what there is of a query.
     *
     * @param query row of the query
     * @return a view with this row only, and the parts that were kept of it
     * @throws IllegalArgumentException if there is no such row
     */
    public InfluenceScores query(int query) {
        double[][] row = {total[requireQuery(query)]};
        Map<String, double[][]> layers = new LinkedHashMap<>();
        perLayer.forEach((layer, part) -> layers.put(layer, new double[][] {part[query]}));
        double[][][] tokens = hasTokens() ? new double[][][] {perToken[query]} : perToken;
        Map<String, double[][][]> both = new LinkedHashMap<>();
        perLayerToken.forEach((layer, part) -> both.put(layer, new double[][][] {part[query]}));
        return new InfluenceScores(new long[] {queryIds[query]}, trainIds, row, layers, tokens, both, provenance);
    }

    /**
     * Returns all scores.
     *
     * @return a view, [queries, train]
     */
    public Matrix matrix() {
        return Matrix.of(total);
    }

    /**
     * Returns the layers whose parts were kept.
     *
     * @return names of layers; empty unless parts per layer were asked for
     */
    public List<String> layers() {
        return List.copyOf(perLayer.keySet());
    }

    /**
     * Returns the part of the scores that comes through one layer (paper, Eq. 30).
     *
     * @param layer name of the layer
     * @return a view, [queries, train]
     * @throws IllegalArgumentException if that part was not kept
     */
    public Matrix layer(String layer) {
        double[][] part = perLayer.get(layer);
        if (part == null) {
            throw new IllegalArgumentException("no scores of layer " + layer + "; kept are " + perLayer.keySet());
        }
        return Matrix.of(part);
    }

    /**
     * Says whether the parts per token were kept.
     *
     * @return whether {@link #tokens} works
     */
    public boolean hasTokens() {
        return perToken.length > 0;
    }

    /**
     * Returns the contribution of each token of a training example, summed over the layers that run at tokens (paper,
     * Eq. 31). The contribution of a position belongs to the token that is <em>read</em> there; it is mostly about
     * predicting the next one.
     *
     * @param query row of the query
     * @param train column of the training example
     * @return a copy, one number a token; padding has 0
     * @throws IllegalArgumentException if there is no such row or column
     * @throws IllegalStateException if parts per token were not asked for
     */
    public double[] tokens(int query, int train) {
        if (perToken.length == 0) {
            throw new IllegalStateException("scores per token were not asked for: ask for them before scoring");
        }
        return perToken[requireQuery(query)][requireTrain(train)].clone();
    }

    /**
     * Returns the layers whose parts were kept token by token.
     *
     * @return names of layers that run at tokens; empty unless parts per layer and per token were asked for
     * @since 0.2
     */
    public List<String> tokenLayers() {
        return List.copyOf(perLayerToken.keySet());
    }

    /**
     * Returns the contribution of each token of a training example through one layer.
     *
     * @param layer name of the layer
     * @param query row of the query
     * @param train column of the training example
     * @return a copy, one number a token; padding has 0
     * @throws IllegalArgumentException if that part was not kept, or there is no such row or column
     * @since 0.2
     */
    public double[] tokens(String layer, int query, int train) {
        double[][][] part = perLayerToken.get(layer);
        if (part == null) {
            throw new IllegalArgumentException(
                    "no scores per token of layer " + layer + "; kept are " + perLayerToken.keySet());
        }
        return part[requireQuery(query)][requireTrain(train)].clone();
    }

    /**
     * Returns the most helpful training examples of a query. Among equals, 0 and −0 too, the one that is earlier in the training
     * set comes first. What is not a number comes before every number, here and in {@link #bottomK}, so that it is seen: only
     * scores that a host computed itself can hold it.
     *
     * @param query row of the query
     * @param k how many; all where there are fewer
     * @return the k highest scores, highest first
     * @throws IllegalArgumentException if {@code k} is negative, or there is no such row
     */
    public List<Influence> topK(int query, int k) {
        return best(query, k, End.HIGHEST);
    }

    /**
     * Returns the most harmful training examples of a query, ranked by the rule of {@link #topK}.
     *
     * @param query row of the query
     * @param k how many; all where there are fewer
     * @return the k lowest scores, lowest first
     * @throws IllegalArgumentException if {@code k} is negative, or there is no such row
     */
    public List<Influence> bottomK(int query, int k) {
        return best(query, k, End.LOWEST);
    }

    private List<Influence> best(int query, int k, End end) {
        double[] row = total[requireQuery(query)];
        Ranking ranking = new Ranking(end, k);
        for (int z = 0; z < row.length; z++) {
            ranking.offer(trainIds[z], row[z]);
        }
        return ranking.best(Influence::new);
    }

    /**
     * Multiplies all scores, for instance with 1/N.
     *
     * @param factor the factor
     * @return new scores
     */
    public InfluenceScores times(double factor) {
        Map<String, double[][]> layers = new LinkedHashMap<>();
        perLayer.forEach((layer, part) -> layers.put(layer, scaled(part, factor)));
        Map<String, double[][][]> both = new LinkedHashMap<>();
        perLayerToken.forEach((layer, part) -> both.put(layer, scaled(part, factor)));
        return new InfluenceScores(
                queryIds,
                trainIds,
                scaled(total, factor),
                layers,
                scaled(perToken, factor),
                both,
                provenance.withOption("scaled by", Double.toString(factor)));
    }

    private static double[][][] scaled(double[][][] tokens, double factor) {
        double[][][] result = new double[tokens.length][][];
        Arrays.setAll(result, q -> scaled(tokens[q], factor));
        return result;
    }

    private static double[][] scaled(double[][] part, double factor) {
        double[][] result = new double[part.length][];
        Arrays.setAll(result, r -> Arrays.stream(part[r]).map(x -> x * factor).toArray());
        return result;
    }

    /**
     * Sums the scores of groups of training examples (the influence of an author, a document, a class). First-order: it
     * ignores interactions inside a group.
     *
     * @param <G> type of the groups
     * @param query row of the query
     * @param groupOfId gives a training example's group
     * @return the sum by group, in the order in which groups appear
     * @throws IllegalArgumentException if there is no such row
     */
    public <G> Map<G, Double> groupSums(int query, LongFunction<G> groupOfId) {
        double[] row = total[requireQuery(query)];
        Map<G, Double> sums = new LinkedHashMap<>();
        for (int z = 0; z < trainIds.length; z++) {
            sums.merge(groupOfId.apply(trainIds[z]), row[z], Double::sum);
        }
        return sums;
    }

    /**
     * Adds up the scores of all queries. Scores are linear in the query's gradient, so these are the scores of the sum, or mean,
     * of the queries' objectives (of the cut gradients, where queries were cut to a rank).
     *
     * @param how sum or mean
     * @return scores of one query, whose id is −1, with the parts that were kept
     * @throws IllegalStateException if there are no queries
     */
    public InfluenceScores overQueries(QueryAggregate how) {
        if (queryIds.length == 0) {
            throw new IllegalStateException("there are no queries to add up");
        }
        double factor = how == QueryAggregate.MEAN ? 1.0 / queryIds.length : 1;
        Map<String, double[][]> layers = new LinkedHashMap<>();
        perLayer.forEach((layer, part) -> layers.put(layer, new double[][] {columnSums(part, factor)}));
        Map<String, double[][][]> both = new LinkedHashMap<>();
        perLayerToken.forEach((layer, part) -> both.put(layer, tokenSums(part, factor)));
        return new InfluenceScores(
                new long[] {-1},
                trainIds,
                new double[][] {columnSums(total, factor)},
                layers,
                tokenSums(perToken, factor),
                both,
                provenance.withOption("over queries", how + " of " + queryIds.length));
    }

    private double[][][] tokenSums(double[][][] tokens, double factor) {
        double[][][] sums = new double[Math.min(1, tokens.length)][trainIds.length][];
        for (double[][] row : sums) {
            Arrays.setAll(row, z -> {
                double[][] sameExample = new double[queryIds.length][];
                Arrays.setAll(sameExample, q -> tokens[q][z]);
                return columnSums(sameExample, factor);
            });
        }
        return sums;
    }

    private static double[] columnSums(double[][] rows, double factor) {
        double[] sums = new double[rows[0].length];
        for (double[] row : rows) {
            Arrays.setAll(sums, z -> sums[z] + row[z]);
        }
        Arrays.setAll(sums, z -> sums[z] * factor);
        return sums;
    }

    /**
     * Averages the scores that several models (trained from other seeds) give the same queries and training examples.
     *
     * @param scores at least one set of scores with the same ids
     * @return the mean of the totals, without parts
     * @throws IllegalArgumentException if there are none or their ids differ
     */
    public static InfluenceScores average(List<InfluenceScores> scores) {
        if (scores.isEmpty()) {
            throw new IllegalArgumentException("no scores to average");
        }
        InfluenceScores first = scores.get(0);
        double[][] mean = new double[first.queryIds.length][first.trainIds.length];
        for (InfluenceScores one : scores) {
            if (!Arrays.equals(one.queryIds, first.queryIds) || !Arrays.equals(one.trainIds, first.trainIds)) {
                throw new IllegalArgumentException("scores of other queries or training examples cannot be averaged");
            }
            for (int q = 0; q < mean.length; q++) {
                for (int z = 0; z < mean[q].length; z++) {
                    mean[q][z] += one.total[q][z] / scores.size();
                }
            }
        }
        return new InfluenceScores(
                first.queryIds, first.trainIds, mean, Map.of(), new double[0][][], provenanceOfMean(scores));
    }

    /** That of the first, but for the model, which is named only if it is the same for all. */
    private static Provenance provenanceOfMean(List<InfluenceScores> scores) {
        Provenance first = scores.get(0).provenance;
        List<String> models = scores.stream()
                .flatMap(one -> one.provenance.model().stream())
                .distinct()
                .toList();
        Provenance mean = first.withModel(models.size() > 1 ? Optional.empty() : first.model())
                .withOption("averaged over models", Integer.toString(scores.size()));
        return models.size() > 1 ? mean.withOption("models", String.join(", ", models)) : mean;
    }

    /**
     * Returns how the scores were made.
     *
     * @return the provenance
     */
    public Provenance provenance() {
        return provenance;
    }

    /** Says for a person how many scores there are, and which are the extremes. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("scores of ")
                .append(trainIds.length)
                .append(" training examples for ")
                .append(queryIds.length)
                .append(queryIds.length == 1 ? " query" : " queries");
        if (!perLayer.isEmpty()) {
            text.append(", per layer ").append(perLayer.keySet());
        }
        if (hasTokens()) {
            text.append(", per token");
        }
        if (queryIds.length > 0 && trainIds.length > 0) {
            text.append("; query ")
                    .append(queryIds[0])
                    .append(": most helpful ")
                    .append(topK(0, 1).get(0))
                    .append(", most harmful ")
                    .append(bottomK(0, 1).get(0));
        }
        return text.toString();
    }
}
