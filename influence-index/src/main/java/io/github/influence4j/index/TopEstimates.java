package io.github.influence4j.index;

import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.TopInfluences;
import java.util.List;

/**
 * The training examples that an index finds most helpful and most harmful to each question.
 *
 * @param queryIds ids of the questions
 * @param helpful for each question, the highest estimates, highest first
 * @param harmful for each question, the lowest estimates, lowest first
 * @param provenance how they were made
 */
public record TopEstimates(
        List<Long> queryIds, List<List<Estimate>> helpful, List<List<Estimate>> harmful, Provenance provenance) {

    /** Copies the lists. */
    public TopEstimates {
        queryIds = List.copyOf(queryIds);
        helpful = helpful.stream().map(List::copyOf).toList();
        harmful = harmful.stream().map(List::copyOf).toList();
    }

    /**
     * Leaves the errors out: candidates for {@link io.github.influence4j.ekfac.CurvatureScoring#rescore}, which scores them
     * exactly.
     *
     * @return the same examples and scores
     */
    public TopInfluences influences() {
        return new TopInfluences(
                queryIds,
                helpful.stream()
                        .map(list -> list.stream().map(Estimate::influence).toList())
                        .toList(),
                harmful.stream()
                        .map(list -> list.stream().map(Estimate::influence).toList())
                        .toList(),
                provenance);
    }

    /** Says for a person how many there are. */
    @Override
    public String toString() {
        return "estimated best and worst training examples of " + queryIds.size() + " questions";
    }
}
