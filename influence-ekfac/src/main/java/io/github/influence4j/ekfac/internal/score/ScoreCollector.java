package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Provenance;

/**
 * Takes scores as they are computed, batch by batch and within a batch in any order, and makes a result of them.
 *
 * @param <R> the result
 */
interface ScoreCollector<R> {

    /** Whether scores of single positions of this layer are wanted. */
    boolean keepsTokens(LayerSpec layer);

    /** Announces that a pass over the training set for these queries begins. */
    void startPass(int firstQuery, int queries);

    /** Announces the examples of the next batch. */
    void startBatch(long firstExample, long[] ids);

    /** Adds to the scores of an example, given by its index in the batch, for neighbouring queries: those from {@code start} on. */
    void add(int layer, int example, int firstQuery, int queries, double[] scores, int start);

    /** Adds to the score of a query and a token of an example; called beside {@link #add} where tokens are kept. */
    void addToken(int layer, int query, int example, int token, int tokens, double score);

    /** Says that every layer of the batch is in. */
    void finishBatch();

    /** Returns what was made of all scores. */
    R finish(Provenance provenance);
}
