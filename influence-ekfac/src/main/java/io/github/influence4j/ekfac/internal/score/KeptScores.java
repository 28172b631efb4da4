package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.Matrix;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps what scoring has finished, so that it can be stopped at any moment and taken up again: the preconditioned queries of a pass,
 * a group of layers at a time, and the result of each part of the training set for them.
 *
 * <p>What is given back must be what was taken, to the bit; then a run that was taken up gives the scores of one that was not
 * stopped. Called from the thread that scores.
 *
 * @param <R> what is kept of a part: all scores, or the best and worst
 */
public interface KeptScores<R> {

    /**
     * Returns the preconditioned queries of a pass that was begun before.
     *
     * @param firstQuery index of the pass's first query
     * @param group index of the group of layers
     * @return what {@link #keepQueries} was given for it, or nothing
     */
    Optional<Map<String, Matrix>> queries(int firstQuery, int group);

    /**
     * Takes the preconditioned queries of a pass, before any part is scored against them.
     *
     * @param firstQuery index of the pass's first query
     * @param group index of the group of layers
     * @param tensors matrices by name, valid during this call
     */
    void keepQueries(int firstQuery, int group, Map<String, Matrix> tensors);

    /**
     * Says whether a part is scored already.
     *
     * @param firstQuery index of the pass's first query
     * @param part index of the part
     * @return true to leave it out
     */
    boolean has(int firstQuery, int part);

    /**
     * Takes the result of a part.
     *
     * @param firstQuery index of the pass's first query
     * @param part index of the part
     * @param result for the queries of the pass only
     */
    void keep(int firstQuery, int part, R result);
}
