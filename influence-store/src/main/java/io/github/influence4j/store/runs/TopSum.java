package io.github.influence4j.store.runs;

import io.github.influence4j.api.Influence;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.api.internal.Ranking;
import io.github.influence4j.api.internal.Ranking.End;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/** Ranks the best and worst training examples of shards, which come in order for each query. */
final class TopSum {

    private final long[] queryIds;
    private final List<Ranking> helpful = new ArrayList<>();
    private final List<Ranking> harmful = new ArrayList<>();

    TopSum(long[] queryIds, int k) {
        this.queryIds = queryIds;
        for (int q = 0; q < queryIds.length; q++) {
            helpful.add(new Ranking(End.HIGHEST, k));
            harmful.add(new Ranking(End.LOWEST, k));
        }
    }

    void add(int query, List<Influence> best, List<Influence> worst) {
        best.forEach(one -> helpful.get(query).offer(one.trainId(), one.score()));
        worst.forEach(one -> harmful.get(query).offer(one.trainId(), one.score()));
    }

    TopInfluences finish(Provenance provenance) {
        return new TopInfluences(LongStream.of(queryIds).boxed().toList(), best(helpful), best(harmful), provenance);
    }

    private static List<List<Influence>> best(List<Ranking> rankings) {
        return rankings.stream().map(ranking -> ranking.best(Influence::new)).toList();
    }
}
