package io.github.influence4j.baselines.retraining;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.Seeds;
import io.github.influence4j.api.Trainer;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import io.github.influence4j.models.MlpTrainer;
import io.github.influence4j.models.TrainingOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Removal curves: against trainings without the same examples, done one by one. */
class RemovalTest {

    private static final long[] IDS = {3, 5, 7, 11, 13, 17, 19, 23};

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
    private final ExampleSource<LabelledExample> train = source(IDS);
    private final ExampleSource<LabelledExample> queries = source(new long[] {100, 101, 102});
    private final MlpTrainer real = new MlpTrainer(
            backend,
            MlpShape.of(Activation.TANH, Loss.SQUARED_ERROR, 2, 2, 1),
            TrainingOptions.sgd().withEpochs(3));
    private final List<Set<Long>> trainedOn = new ArrayList<>();

    private static ExampleSource<LabelledExample> source(long[] ids) {
        Random random = new Random(ids[0]);
        List<LabelledExample> examples = new ArrayList<>();
        for (int e = 0; e < ids.length; e++) {
            examples.add(LabelledExample.regression(random.doubles(2).toArray(), random.nextDouble()));
        }
        return ExampleSource.of(examples, ids);
    }

    private Trainer<LabelledExample, Mlp> trainer(int failAt) {
        return (subset, seed) -> {
            if (trainedOn.size() == failAt) {
                throw new CancellationException("killed");
            }
            trainedOn.add(ids(subset));
            return real.train(subset, seed);
        };
    }

    private static Set<Long> ids(ExampleSource<LabelledExample> source) {
        Set<Long> ids = new TreeSet<>();
        source.batches(3).forEach(batch -> LongStream.of(batch.ids()).forEach(ids::add));
        return ids;
    }

    /** The best first; words find one example only for the last query. */
    private static Map<String, List<long[]>> rankings() {
        Map<String, List<long[]>> rankings = new LinkedHashMap<>();
        rankings.put("Method A", List.of(new long[] {3, 5, 7}, new long[] {5, 11, 13}, new long[] {17, 19, 23}));
        rankings.put("words", List.of(new long[] {7, 3}, new long[] {3, 7}, new long[] {23}));
        return rankings;
    }

    private RemovalCurves run(RemovalOptions options, int failAt, Map<String, List<long[]>> rankings)
            throws IOException {
        return new Removal<>(trainer(failAt), options).run(train, queries, rankings, ProgressListener.silent());
    }

    /** The loss of a query after training without some examples. */
    private double loss(int query, int repeat, long... without) {
        Set<Long> left = new TreeSet<>(ids(train));
        LongStream.of(without).forEach(left::remove);
        try (Mlp model = real.train(train.select(left), Seeds.derived(4, repeat))) {
            return model.losses(queries.batches(3).iterator().next())[query];
        }
    }

    @Test
    void risesAreThoseOfTrainingsWithoutTheExamples() throws IOException {
        RemovalOptions options = RemovalOptions.of(List.of(1, 2)).withRepeats(2, 4);
        RemovalCurves curves = run(options, -1, rankings());
        // one for all, then for each count three queries by two methods and three random sets, twice each
        assertEquals(2 * (1 + 2 * (2 * 3 + 3)), trainedOn.size());
        double whole = (loss(1, 0) + loss(1, 1)) / 2;
        assertEquals(whole, curves.whole()[1], 1e-15);
        double without = (loss(1, 0, 5, 11) + loss(1, 1, 5, 11)) / 2;
        assertEquals(without - whole, curves.point("Method A", 2).rises()[1], 1e-15);
        RemovalCurves.Point words = curves.point("words", 2);
        assertEquals(5 / 3.0, words.removed(), 1e-12);
        assertEquals((loss(2, 0, 23) + loss(2, 1, 23)) / 2 - (loss(2, 0) + loss(2, 1)) / 2, words.rises()[2], 1e-15);
        assertEquals(2, curves.point(RemovalCurves.RANDOM, 2).removed());
        PairedBootstrap difference = curves.difference("Method A", "words", 2);
        assertEquals(
                curves.point("Method A", 2).mean() - curves.point("words", 2).mean(), difference.difference(), 1e-15);
        assertTrue(difference.low() <= difference.difference() && difference.difference() <= difference.high());
        String table = curves.table("words");
        assertEquals(2 + 2 * 3, table.lines().count());
    }

    @Test
    void queriesThatShareATrainingLoseTheUnion() throws IOException {
        RemovalCurves curves = run(RemovalOptions.of(List.of(2)).withTogether(2).withRepeats(1, 4), -1, rankings());
        double rise = loss(1, 0, 3, 5, 11) - loss(1, 0);
        assertEquals(rise, curves.point("Method A", 2).rises()[1], 1e-15);
        assertEquals(
                loss(2, 0, 17, 19) - loss(2, 0), curves.point("Method A", 2).rises()[2], 1e-15);
        assertEquals(2.5, curves.point("Method A", 2).removed());
        // by chance as many as the largest union
        assertEquals(3, curves.point(RemovalCurves.RANDOM, 2).removed());
        assertEquals(5, trainedOn.get(1).size());
    }

    @Test
    void aKilledRunGoesOnAndAnotherMethodIsAdded() throws IOException {
        RemovalOptions options =
                RemovalOptions.of(List.of(1)).withRepeats(1, 4).withFolder(folder.resolve("curves"), "tiny");
        Map<String, List<long[]>> first = new LinkedHashMap<>(rankings());
        first.remove("words");
        assertThrows(CancellationException.class, () -> run(options, 5, first));
        run(options, -1, first);
        assertEquals(1 + 3 + 3, trainedOn.size());
        RemovalCurves more = run(options, -1, rankings());
        assertEquals(1 + 3 + 3 + 3, trainedOn.size());
        RemovalCurves fresh = run(RemovalOptions.of(List.of(1)).withRepeats(1, 4), -1, rankings());
        assertArrayEquals(
                fresh.point("words", 1).rises(), more.point("words", 1).rises());
        assertArrayEquals(
                fresh.point("Method A", 1).rises(), more.point("Method A", 1).rises());
    }

    @Test
    void scoresRankTheMostHelpfulFirst() {
        InfluenceScores scores = new InfluenceScores(
                new long[] {100},
                new long[] {3, 5, 7},
                new double[][] {{-1, 4, 2}},
                Map.of(),
                new double[0][][],
                Provenance.here("test", Precision.FLOAT64, Optional.empty()));
        assertArrayEquals(new long[] {5, 7}, Removal.ranked(scores, 2).get(0));
        assertArrayEquals(new long[] {5, 7, 3}, Removal.ranked(scores, 9).get(0));
    }

    @Test
    void nonsenseIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> RemovalOptions.of(List.of()));
        assertThrows(IllegalArgumentException.class, () -> RemovalOptions.of(List.of(0)));
        assertThrows(IllegalArgumentException.class, () -> RemovalOptions.of(List.of(1))
                .withTogether(0));
        assertThrows(IllegalArgumentException.class, () -> RemovalOptions.of(List.of(1))
                .withRandomDraws(0));
        assertThrows(IllegalArgumentException.class, () -> RemovalOptions.of(List.of(1))
                .withRepeats(0, 1));
        assertThrows(
                IllegalArgumentException.class,
                () -> run(RemovalOptions.of(List.of(1)), -1, Map.of("short", List.of(new long[] {3}))));
        Map<String, List<long[]>> unknown = Map.of(
                "words",
                rankings().values().iterator().next().stream()
                        .map(best -> new long[] {4_000_000_000L})
                        .toList());
        String said = assertThrows(
                        IllegalArgumentException.class, () -> run(RemovalOptions.of(List.of(1)), -1, unknown))
                .toString();
        assertTrue(said.contains("words ranks example 4000000000"), said);
        RemovalCurves empty = new RemovalCurves(new double[1], Map.of());
        assertThrows(IllegalArgumentException.class, () -> empty.point("none", 1));
    }
}
