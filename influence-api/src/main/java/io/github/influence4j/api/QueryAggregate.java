package io.github.influence4j.api;

/** How the scores of several queries become one; see {@link InfluenceScores#overQueries}. */
public enum QueryAggregate {
    /** Σ_q. */
    SUM,
    /** Σ_q / Q. */
    MEAN
}
