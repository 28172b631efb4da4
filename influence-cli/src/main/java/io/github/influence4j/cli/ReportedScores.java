package io.github.influence4j.cli;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.lm.text.TextData;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.store.scores.ScoreReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * The scores of a report: all of them, the best and worst of each query, or those of training examples for themselves, which are those of one
 * query without an id.
 *
 * @param areSelf whether they are of training examples for themselves
 * @param byQuery for each query, its scores that there are
 * @param areAll whether every training example has a score
 * @param provenance how they were made
 */
record ReportedScores(boolean areSelf, List<InfluenceScores> byQuery, boolean areAll, Provenance provenance) {

    static ReportedScores read(Path folder) throws IOException {
        if (ScoreReader.exists(folder) && ScoreReader.isTop(folder)) {
            TopInfluences top = ScoreReader.top(folder);
            List<InfluenceScores> kept = IntStream.range(0, top.queryIds().size())
                    .mapToObj(top::kept)
                    .toList();
            return new ReportedScores(false, kept, false, top.provenance());
        }
        if (ScoreReader.holdsSelf(folder)) {
            return ofThemselves(ScoreReader.self(folder));
        }
        InfluenceScores all = ScoreReader.pairwise(folder);
        List<InfluenceScores> rows =
                IntStream.range(0, all.queryIds().length).mapToObj(all::query).toList();
        return new ReportedScores(false, rows, true, all.provenance());
    }

    private static ReportedScores ofThemselves(SelfInfluence self) {
        Map<String, double[][]> layers = new LinkedHashMap<>();
        self.layers().forEach(layer -> layers.put(layer, new double[][] {self.layer(layer)}));
        InfluenceScores row = new InfluenceScores(
                new long[] {ReportPage.SUM},
                self.ids(),
                new double[][] {self.scores()},
                layers,
                new double[0][][],
                self.provenance());
        return new ReportedScores(true, List.of(row), true, self.provenance());
    }

    long[] queryIds() {
        return byQuery.stream().mapToLong(one -> one.queryIds()[0]).toArray();
    }

    /** The scores of a query, in the only row. */
    InfluenceScores of(int query) {
        return byQuery.get(query);
    }

    /** The ids of all training examples that have a score. */
    long[] trainIds() {
        return (areAll ? byQuery.subList(0, 1) : byQuery)
                .stream()
                        .flatMapToLong(one -> LongStream.of(one.trainIds()))
                        .distinct()
                        .toArray();
    }

    boolean hasTokens() {
        return byQuery.stream().allMatch(InfluenceScores::hasTokens);
    }

    /** Layers whose parts were kept token by token. */
    List<String> tokenLayers() {
        return byQuery.get(0).tokenLayers();
    }

    /** Refuses other lines than those that were scored. */
    void requireTrain(TextData train) {
        require("--train", train, areOf(train.ids()));
    }

    /** Refuses other lines than those that were asked. */
    void requireQueries(TextData queries) {
        require("--queries", queries, Arrays.equals(queries.ids(), queryIds()));
    }

    private static void require(String option, TextData data, boolean scored) {
        if (!scored) {
            throw new MalformedFileException(
                    data.files().get(0),
                    "has other examples than those that were scored; give with " + option
                            + " the file, and the --max-length, of the scores");
        }
    }

    /** Whether these may be scores of a training set. */
    private boolean areOf(long[] ids) {
        if (areAll) {
            return byQuery.stream().allMatch(one -> Arrays.equals(ids, one.trainIds()));
        }
        Set<Long> there = LongStream.of(ids).boxed().collect(Collectors.toSet());
        return Long.valueOf(ids.length).equals(provenance.counts().get("training examples"))
                && byQuery.stream()
                        .allMatch(one -> LongStream.of(one.trainIds()).allMatch(there::contains));
    }
}
