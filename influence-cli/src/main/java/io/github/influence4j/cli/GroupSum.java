package io.github.influence4j.cli;

import io.github.influence4j.api.InfluenceScores;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the training examples of a group do to a question together: influence is additive to first order.
 *
 * @param group its name
 * @param examples how many
 * @param sum of their scores, per unit of weight
 * @param perCopy about how much the measurement would rise without them
 * @param best id of the most helpful
 * @param worst id of the most harmful
 */
record GroupSum(String group, int examples, double sum, double perCopy, long best, long worst) {

    /**
     * Adds up the scores of a question.
     *
     * @param scores all training examples
     * @param query which question
     * @param groups the group of each training example, in the order of the scores
     * @param perCopy what the numbers are
     * @return from the most helpful group to the most harmful
     */
    static List<GroupSum> of(InfluenceScores scores, int query, List<String> groups, PerCopy perCopy) {
        long[] ids = scores.trainIds();
        Map<String, List<Integer>> members = new LinkedHashMap<>();
        for (int z = 0; z < ids.length; z++) {
            members.computeIfAbsent(groups.get(z), name -> new ArrayList<>()).add(z);
        }
        Comparator<Integer> byScore = Comparator.comparingDouble(z -> scores.score(query, z));
        return members.entrySet().stream()
                .map(group -> {
                    List<Integer> all = group.getValue();
                    double sum = all.stream()
                            .mapToDouble(z -> scores.score(query, z))
                            .sum();
                    int best = all.stream().max(byScore).orElseThrow();
                    int worst = all.stream().min(byScore).orElseThrow();
                    return new GroupSum(
                            group.getKey(),
                            all.size(),
                            perCopy.perUnit(sum),
                            perCopy.perCopy(sum),
                            ids[best],
                            ids[worst]);
                })
                .sorted(Comparator.comparingDouble(GroupSum::sum).reversed().thenComparing(GroupSum::group))
                .toList();
    }
}
