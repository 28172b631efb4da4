package io.github.influence4j.ekfac.score;

import io.github.influence4j.api.InfluenceScores;

/** Takes the scores of parts of a training set as they are finished, for work that can be stopped and taken up again. */
public interface PartScores {

    /**
     * Says whether a part is still to be scored.
     *
     * @param firstQuery index of the first query of the pass
     * @param part index of the part
     * @return false to leave it out
     */
    boolean wants(int firstQuery, int part);

    /**
     * Takes the scores of a part.
     *
     * @param firstQuery index of the first query of the pass
     * @param part index of the part
     * @param scores of the queries of the pass only
     */
    void accept(int firstQuery, int part, InfluenceScores scores);
}
