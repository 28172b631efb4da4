package io.github.influence4j.api;

import java.util.List;

/**
 * The training examples with the highest and the lowest scores of each query.
 *
 * @param queryIds ids of the queries
 * @param helpful for each query, the highest scores, highest first, ties in the order of the training set
 * @param harmful for each query, the lowest scores, lowest first, ties in the order of the training set
 * @param provenance how the scores were made
 */
public record TopInfluences(
        List<Long> queryIds, List<List<Influence>> helpful, List<List<Influence>> harmful, Provenance provenance) {

    /** Copies the lists. */
    public TopInfluences {
        queryIds = List.copyOf(queryIds);
        helpful = List.copyOf(helpful);
        harmful = List.copyOf(harmful);
    }
}
