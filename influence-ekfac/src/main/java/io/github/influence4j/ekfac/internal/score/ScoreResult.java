package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.ekfac.internal.factor.SourceCheck;
import io.github.influence4j.ekfac.options.ScoreOptions;
import java.util.List;

/**
 * What becomes of the scores of a training set, or a part of one.
 *
 * @param <R> type of the result
 */
public final class ScoreResult<R> {

    /** Makes what takes the scores. */
    private interface Maker<R> {
        ScoreCollector<R> make(List<LayerSpec> layers, long[] queryIds, ExampleSource<?> train, ScoreOptions options);
    }

    private final Maker<R> maker;

    private ScoreResult(Maker<R> maker) {
        this.maker = maker;
    }

    /**
     * Keeps every score: 8 bytes for each pair, and the parts that the options ask for.
     *
     * @return all pairs
     */
    public static ScoreResult<InfluenceScores> all() {
        return new ScoreResult<>((layers, queryIds, train, options) ->
                new ScoreTable(layers, queryIds, true, SourceCheck.countForArrays(train, queryIds.length), options));
    }

    /**
     * Adds up the scores of all queries: 8 bytes for each training example, and the parts that the options ask for.
     *
     * @return one row, of the query −1
     */
    public static ScoreResult<InfluenceScores> summed() {
        return new ScoreResult<>((layers, queryIds, train, options) ->
                new ScoreTable(layers, queryIds, false, SourceCheck.countForArrays(train, 1), options));
    }

    /**
     * Keeps the k highest and the k lowest scores of each query, without parts; memory does not grow with the training set.
     *
     * @param k how many, positive
     * @return best and worst
     * @throws IllegalArgumentException if {@code k} is not positive
     */
    public static ScoreResult<TopInfluences> top(int k) {
        if (k < 1) {
            throw new IllegalArgumentException("k must be positive, found " + k);
        }
        return new ScoreResult<>((layers, queryIds, train, options) -> {
            TopParts.requireTokens(layers, options);
            return new TopCollector(queryIds, k);
        });
    }

    ScoreCollector<R> collector(List<LayerSpec> layers, long[] queryIds, ExampleSource<?> train, ScoreOptions options) {
        return maker.make(layers, queryIds, train, options);
    }
}
