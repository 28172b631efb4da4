package io.github.influence4j.baselines.validation;

import io.github.influence4j.api.InfluenceScores;
import java.util.OptionalDouble;

/**
 * An estimator's scores and what they cost.
 *
 * @param scores [queries, train]
 * @param fitMillis wall time of what is done once, for any number of queries
 * @param queryMillis wall time of solving and scoring, all queries together
 * @param heldBytes what must stay in memory from the fit to the last query, without model and data
 * @param solveFlops flops of the iterations; empty where the solver does not count
 */
public record Estimate(
        InfluenceScores scores, double fitMillis, double queryMillis, double heldBytes, OptionalDouble solveFlops) {

    /**
     * Returns the time for one query.
     *
     * @return milliseconds, without the fit
     */
    public double perQueryMillis() {
        return queryMillis / scores.queryIds().length;
    }
}
