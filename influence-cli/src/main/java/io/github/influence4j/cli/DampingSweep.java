package io.github.influence4j.cli;

import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.store.scores.ScoreReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** How much the damping decides: what the scores of several have in common, and how large they are. */
final class DampingSweep {

    private static final int BEST = 10;

    private DampingSweep() {}

    /** Adds to each result how it compares with the first; to none where scores cannot be read again. */
    static void compare(List<Map<String, Object>> results) throws IOException {
        Path first = folder(results.get(0));
        if (ScoreReader.isTables(first) || !ScoreReader.holdsPairwise(first) && !ScoreReader.isTop(first)) {
            return;
        }
        ReportedScores reference = ReportedScores.read(first);
        for (Map<String, Object> result : results) {
            ReportedScores scores = ReportedScores.read(folder(result));
            PerCopy perCopy = PerCopy.of(scores.provenance());
            int queries = scores.queryIds().length;
            result.put(
                    "best score per copy, mean over queries",
                    IntStream.range(0, queries)
                            .mapToDouble(q -> perCopy.perCopy(
                                    scores.of(q).topK(0, 1).get(0).score()))
                            .average()
                            .orElse(0));
            result.put(
                    "share of the first damping's 10 best among these 10 best",
                    IntStream.range(0, queries)
                            .mapToDouble(q -> shared(reference.of(q), scores.of(q)))
                            .average()
                            .orElse(0));
        }
    }

    private static Path folder(Map<String, Object> result) {
        return Path.of(String.valueOf(result.get("scores")));
    }

    private static double shared(InfluenceScores one, InfluenceScores other) {
        Set<Long> best = best(one);
        return (double) best(other).stream().filter(best::contains).count() / best.size();
    }

    private static Set<Long> best(InfluenceScores scores) {
        return scores.topK(0, BEST).stream().map(Influence::trainId).collect(Collectors.toSet());
    }
}
