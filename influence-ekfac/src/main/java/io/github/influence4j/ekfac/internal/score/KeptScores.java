package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Matrix;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps what scoring has finished, so that it can be stopped at any moment and taken up again: the preconditioned queries of a
 * pass, and the scores of each part of the training set against them.
 *
 * <p>What is given back must be what was taken, to the bit; then a run that was taken up gives the scores of one that was not
 * stopped. Called from the thread that scores.
 */
public interface KeptScores {

    /**
     * Returns the preconditioned queries of a pass that was begun before.
     *
     * @param firstQuery index of the pass's first query
     * @return what {@link #keepQueries} was given for it, or nothing
     */
    Optional<Map<String, Matrix>> queries(int firstQuery);

    /**
     * Takes the preconditioned queries of a pass, before any part is scored against them.
     *
     * @param firstQuery index of the pass's first query
     * @param tensors matrices by name, valid during this call
     */
    void keepQueries(int firstQuery, Map<String, Matrix> tensors);

    /**
     * Says whether a part is scored already.
     *
     * @param firstQuery index of the pass's first query
     * @param part index of the part
     * @return true to leave it out
     */
    boolean has(int firstQuery, int part);

    /**
     * Takes the scores of a part.
     *
     * @param firstQuery index of the pass's first query
     * @param part index of the part
     * @param scores of the queries of the pass only
     */
    void keep(int firstQuery, int part, InfluenceScores scores);
}
