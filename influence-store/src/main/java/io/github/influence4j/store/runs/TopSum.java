package io.github.influence4j.store.runs;

import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.TopInfluences;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Keeps the best and worst training examples of each query while shards come one after the other. */
final class TopSum {

    private final int k;
    private final List<List<Influence>> helpful = new ArrayList<>();
    private final List<List<Influence>> harmful = new ArrayList<>();
    private List<Long> queries = List.of();

    TopSum(int k) {
        this.k = k;
    }

    /** Takes the scores of the next shard, for all queries. */
    void add(InfluenceScores shard) {
        queries = LongStream.of(shard.queryIds()).boxed().toList();
        for (int q = 0; q < queries.size(); q++) {
            if (q == helpful.size()) {
                helpful.add(List.of());
                harmful.add(List.of());
            }
            Comparator<Influence> ascending = Comparator.comparingDouble(Influence::score);
            helpful.set(q, best(helpful.get(q), shard.topK(q, k), ascending.reversed()));
            harmful.set(q, best(harmful.get(q), shard.bottomK(q, k), ascending));
        }
    }

    /** Sorting keeps equals in their order, so ties go to the earlier example. */
    private List<Influence> best(List<Influence> before, List<Influence> shard, Comparator<Influence> order) {
        return Stream.concat(before.stream(), shard.stream())
                .sorted(order)
                .limit(k)
                .toList();
    }

    TopInfluences finish(Provenance provenance) {
        return new TopInfluences(queries, helpful, harmful, provenance);
    }
}
