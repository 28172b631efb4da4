package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.TopInfluences;
import java.util.ArrayList;
import java.util.Comparator;
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
        // columns are in the order of the training set, which decides between equal scores
        Comparator<Influence> byScore = Comparator.comparingDouble(Influence::score);
        Comparator<Influence> byPlace = Comparator.comparingInt(influence -> column(columns, influence));
        List<List<Influence>> helpful = new ArrayList<>();
        List<List<Influence>> harmful = new ArrayList<>();
        for (int q = 0; q < queryIds.length; q++) {
            int query = q;
            helpful.add(found.helpful().get(q).stream()
                    .map(influence -> scored(scores, query, influence, columns))
                    .sorted(byScore.reversed().thenComparing(byPlace))
                    .limit(k)
                    .toList());
            harmful.add(found.harmful().get(q).stream()
                    .map(influence -> scored(scores, query, influence, columns))
                    .sorted(byScore.thenComparing(byPlace))
                    .limit(k)
                    .toList());
        }
        Provenance provenance = scores.provenance()
                .withOption("candidates by rank", found.provenance().options().getOrDefault("rank", "unknown"))
                .withCount("candidates", trainIds.length);
        return new TopInfluences(found.queryIds(), helpful, harmful, provenance);
    }

    private static Influence scored(
            InfluenceScores scores, int query, Influence influence, Map<Long, Integer> columns) {
        return new Influence(influence.trainId(), scores.score(query, column(columns, influence)));
    }

    private static int column(Map<Long, Integer> columns, Influence influence) {
        return Objects.requireNonNull(columns.get(influence.trainId()), "not scored: " + influence);
    }
}
