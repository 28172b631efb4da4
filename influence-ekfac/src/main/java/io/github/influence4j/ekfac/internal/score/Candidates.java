package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.api.internal.Ranking;
import io.github.influence4j.api.internal.Ranking.End;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** What a top-k pass found, ranked by other scores. */
final class Candidates {

    private Candidates() {}

    /** Every example that was found for any query. */
    static Set<Long> ids(TopInfluences found) {
        return Stream.of(found.helpful(), found.harmful())
                .flatMap(List::stream)
                .flatMap(List::stream)
                .map(Influence::trainId)
                .collect(Collectors.toSet());
    }

    /** The k best and the k worst of the candidates of each query by scores that hold all of them. */
    static TopInfluences ranked(TopInfluences found, InfluenceScores scores, int k) {
        long[] queryIds = scores.queryIds();
        if (!found.queryIds().equals(LongStream.of(queryIds).boxed().toList())) {
            throw new IllegalArgumentException("the candidates are of queries " + found.queryIds() + ", asked were "
                    + LongStream.of(queryIds).boxed().toList());
        }
        Map<Long, Integer> columns = new HashMap<>();
        long[] trainIds = scores.trainIds();
        for (int z = 0; z < trainIds.length; z++) {
            columns.put(trainIds[z], z);
        }
        List<List<Influence>> helpful = new ArrayList<>();
        List<List<Influence>> harmful = new ArrayList<>();
        for (int q = 0; q < queryIds.length; q++) {
            helpful.add(best(found.helpful().get(q), new Ranking(End.HIGHEST, k), scores, q, columns));
            harmful.add(best(found.harmful().get(q), new Ranking(End.LOWEST, k), scores, q, columns));
        }
        Provenance provenance = scores.provenance()
                .withOption("candidates by rank", found.provenance().options().getOrDefault("rank", "unknown"))
                .withCount("candidates", trainIds.length);
        return new TopInfluences(found.queryIds(), helpful, harmful, provenance);
    }

    /** Columns are in the order of the training set, which decides between equal scores. */
    private static List<Influence> best(
            List<Influence> found, Ranking ranking, InfluenceScores scores, int query, Map<Long, Integer> columns) {
        long[] trainIds = scores.trainIds();
        found.stream()
                .map(influence -> Objects.requireNonNull(
                        columns.get(influence.trainId()), () -> "not scored: example " + influence.trainId()))
                .sorted()
                .forEach(z -> ranking.offer(trainIds[z], scores.score(query, z)));
        return ranking.best(Influence::new);
    }
}
