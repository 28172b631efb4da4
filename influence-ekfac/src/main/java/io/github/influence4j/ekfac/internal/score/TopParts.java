package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.ekfac.options.ScoreOptions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The parts, by layer and token, of what a top-k pass has kept: a second pass scores only that.
 *
 * <p>Parts by token cost a product a token and query, so taking them of a whole training set would cost many times what the totals do.
 */
public final class TopParts {

    /** Queries that are scored together: few, because each is scored for what was kept of all of them. */
    private static final int QUERIES = 8;

    private TopParts() {}

    /** Scores some queries for some training examples. */
    @FunctionalInterface
    public interface Scores {

        /**
         * Scores them with the parts that are wanted.
         *
         * @param queries ids of the queries
         * @param train ids of the training examples
         * @return their scores
         */
        InfluenceScores of(Set<Long> queries, Set<Long> train);
    }

    /**
     * Says whether options ask for parts.
     *
     * @param options the options
     * @return whether they do
     */
    public static boolean wantedBy(ScoreOptions options) {
        return options.perLayer() || options.perToken();
    }

    /**
     * Refuses scores per token where no layer has tokens.
     *
     * @param layers the layers
     * @param options the options
     * @throws IllegalArgumentException if there are no tokens and they are asked for
     */
    public static void requireTokens(List<LayerSpec> layers, ScoreOptions options) {
        if (options.perToken() && layers.stream().noneMatch(layer -> layer.positions() == Positions.TOKENS)) {
            throw new IllegalArgumentException(
                    "scores per token were asked for, but no layer runs at tokens: " + layers);
        }
    }

    /**
     * Adds the parts to what was kept.
     *
     * @param top what was kept
     * @param scores gives scores with parts
     * @return the same with parts
     */
    public static TopInfluences added(TopInfluences top, Scores scores) {
        List<InfluenceScores> parts = new ArrayList<>();
        int count = top.queryIds().size();
        for (int first = 0; first < count; first += QUERIES) {
            int end = Math.min(count, first + QUERIES);
            Set<Long> train = new HashSet<>();
            for (int q = first; q < end; q++) {
                for (long id : top.kept(q).trainIds()) {
                    train.add(id);
                }
            }
            Set<Long> queries = new LinkedHashSet<>(top.queryIds().subList(first, end));
            InfluenceScores block = scores.of(queries, train);
            for (int q = first; q < end; q++) {
                parts.add(top.kept(q, block));
            }
        }
        return top.withParts(parts);
    }
}
