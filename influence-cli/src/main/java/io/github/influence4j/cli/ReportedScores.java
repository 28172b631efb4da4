package io.github.influence4j.cli;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.store.scores.ScoreReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * The scores of a report: all of them, or the best and worst of each query.
 *
 * @param byQuery for each query, its scores that there are
 * @param areAll whether every training example has a score
 * @param provenance how they were made
 */
record ReportedScores(List<InfluenceScores> byQuery, boolean areAll, Provenance provenance) {

    static ReportedScores read(Path folder) throws IOException {
        if (ScoreReader.exists(folder) && ScoreReader.isTop(folder)) {
            TopInfluences top = ScoreReader.top(folder);
            List<InfluenceScores> kept = IntStream.range(0, top.queryIds().size())
                    .mapToObj(top::kept)
                    .toList();
            return new ReportedScores(kept, false, top.provenance());
        }
        InfluenceScores all = ScoreReader.pairwise(folder);
        List<InfluenceScores> rows =
                IntStream.range(0, all.queryIds().length).mapToObj(all::query).toList();
        return new ReportedScores(rows, true, all.provenance());
    }

    long[] queryIds() {
        return byQuery.stream().mapToLong(one -> one.queryIds()[0]).toArray();
    }

    /** The scores of a query, in the only row. */
    InfluenceScores of(int query) {
        return byQuery.get(query);
    }

    boolean hasTokens() {
        return byQuery.stream().allMatch(InfluenceScores::hasTokens);
    }

    /** Whether these may be scores of a training set. */
    boolean areOf(long[] ids) {
        if (areAll) {
            return byQuery.stream().allMatch(one -> Arrays.equals(ids, one.trainIds()));
        }
        Set<Long> there = LongStream.of(ids).boxed().collect(Collectors.toSet());
        return Long.valueOf(ids.length).equals(provenance.counts().get("training examples"))
                && byQuery.stream()
                        .allMatch(one -> LongStream.of(one.trainIds()).allMatch(there::contains));
    }
}
