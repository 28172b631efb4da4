package io.github.influence4j.api;

import java.util.List;

/**
 * The training examples with the highest and the lowest scores of each query, ranked by the rule of {@link InfluenceScores#topK}.
 *
 * @param queryIds ids of the queries
 * @param helpful for each query, the highest scores, highest first
 * @param harmful for each query, the lowest scores, lowest first
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

    /** Says for a person how many there are, and which are the extremes of the first query. */
    @Override
    public String toString() {
        String first =
                queryIds.isEmpty() || helpful.get(0).isEmpty() || harmful.get(0).isEmpty()
                        ? ""
                        : "; query " + queryIds.get(0) + ": most helpful "
                                + helpful.get(0).get(0) + ", most harmful "
                                + harmful.get(0).get(0);
        return "best and worst training examples of " + queryIds.size() + (queryIds.size() == 1 ? " query" : " queries")
                + first;
    }
}
