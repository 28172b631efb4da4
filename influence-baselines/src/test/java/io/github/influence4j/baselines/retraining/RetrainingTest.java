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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training on subsets: what is drawn, what is kept, what goes on after an interruption, and the score made of it. */
class RetrainingTest {

    private static final long[] IDS = {3, 5, 7, 11, 13, 17};

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
    private final ExampleSource<LabelledExample> train = source(IDS);
    private final ExampleSource<LabelledExample> queries = source(new long[] {100, 101});
    private final TrainingSubsets subsets = TrainingSubsets.random(IDS, 4, 0.5, 9);
    private int trainings;

    private static ExampleSource<LabelledExample> source(long[] ids) {
        Random random = new Random(ids[0]);
        List<LabelledExample> examples = new ArrayList<>();
        for (int e = 0; e < ids.length; e++) {
            examples.add(LabelledExample.regression(random.doubles(2).toArray(), random.nextDouble()));
        }
        return ExampleSource.of(examples, ids);
    }

    /** Trains, and stops as if killed when a number of trainings is done. */
    private Trainer<LabelledExample, Mlp> trainer(int failAt) {
        MlpTrainer real = new MlpTrainer(
                backend,
                MlpShape.of(Activation.TANH, Loss.SQUARED_ERROR, 2, 2, 1),
                TrainingOptions.sgd().withEpochs(2));
        return (subset, seed) -> {
            if (trainings == failAt) {
                throw new CancellationException("killed");
            }
            trainings++;
            return real.train(subset, seed);
        };
    }

    private RetrainedObjectives run(RetrainingOptions options, int failAt) throws IOException {
        return new Retraining<>(trainer(failAt), options).run(train, queries, subsets, ProgressListener.silent());
    }

    @Test
    void halvesAreDrawnWithoutRepetitionAndFollowTheSeed() {
        assertEquals(4, subsets.members().size());
        for (int s = 0; s < 4; s++) {
            long[] members = subsets.members().get(s);
            assertEquals(3, members.length);
            assertEquals(3, Arrays.stream(members).distinct().count());
            for (long id : IDS) {
                assertEquals(Arrays.stream(members).anyMatch(m -> m == id), subsets.contains(s, id));
            }
        }
        TrainingSubsets again = TrainingSubsets.random(IDS, 4, 0.5, 9);
        assertArrayEquals(subsets.members().get(2), again.members().get(2));
        TrainingSubsets without = TrainingSubsets.leavingOut(IDS, List.of(Set.of(5L, 17L), Set.of()));
        assertArrayEquals(new long[] {3, 7, 11, 13}, without.members().get(0));
        assertEquals(6, without.members().get(1).length);
    }

    @Test
    void measurementsAreThoseOfTheTrainedModels() throws IOException {
        RetrainedObjectives result = run(RetrainingOptions.of(2).withFirstSeed(40), -1);
        assertEquals(8, trainings);
        MlpTrainer plain = new MlpTrainer(
                backend,
                MlpShape.of(Activation.TANH, Loss.SQUARED_ERROR, 2, 2, 1),
                TrainingOptions.sgd().withEpochs(2));
        List<LabelledExample> all = train.batches(6).iterator().next().examples();
        long[] members = subsets.members().get(1);
        List<LabelledExample> chosen = Arrays.stream(members)
                .mapToObj(id -> all.get(Arrays.binarySearch(IDS, id)))
                .toList();
        try (Mlp model = plain.train(ExampleSource.of(chosen, members), Seeds.derived(40, 1))) {
            assertArrayEquals(model.losses(queries.batches(2).iterator().next()), result.values()[1][1]);
        }
        assertEquals((result.values()[3][0][1] + result.values()[3][1][1]) / 2, result.means()[3][1], 1e-15);
    }

    @Test
    void aKilledRunGoesOnWhereItWas() throws IOException {
        Path file = folder.resolve("sub/progress.tsv");
        RetrainingOptions options = RetrainingOptions.of(2).withProgressFile(file, "tiny");
        assertThrows(CancellationException.class, () -> run(options, 5));
        Files.writeString(file, Files.readString(file) + "2\t1\t0.12"); // killed while it wrote
        RetrainedObjectives resumed = run(options, -1);
        assertEquals(8, trainings);
        RetrainedObjectives whole = run(RetrainingOptions.of(2), -1);
        assertTrue(Arrays.deepEquals(whole.values(), resumed.values()));
        trainings = 0;
        run(options, 0);
        assertEquals(0, trainings);
    }

    @Test
    void progressOfSomethingElseIsRefused() throws IOException {
        Path file = folder.resolve("progress.tsv");
        RetrainingOptions options = RetrainingOptions.of(1).withProgressFile(file, "tiny");
        run(options, -1);
        refused("first seed 7", () -> run(options.withFirstSeed(7), -1));
        refused("trainer other", () -> run(options.withProgressFile(file, "other"), -1));
        String kept = Files.readString(file);
        Files.writeString(file, kept + "0\tx\t1\t2\n");
        refused("line 6", () -> run(options, -1));
        Files.writeString(file, kept + "0\t1\t2\n");
        refused("expected 4 fields, found 3", () -> run(options, -1));
    }

    @Test
    void nonsenseIsRefused() {
        refused("no subsets", () -> new TrainingSubsets(List.of()));
        refused("twice", () -> new TrainingSubsets(List.of(new long[] {1, 1})));
        refused("share", () -> TrainingSubsets.random(IDS, 1, 0, 1));
        refused("share", () -> TrainingSubsets.random(IDS, 0, 0.5, 1));
        refused("a model or more", () -> RetrainingOptions.of(0));
        TrainingSubsets unknown = new TrainingSubsets(List.of(new long[] {3, 4}));
        refused("no training example has id 4", () -> new Retraining<>(trainer(-1), RetrainingOptions.of(1))
                .run(train, queries, unknown, ProgressListener.silent()));
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void refused(String words, Work work) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, work::run);
        assertTrue(String.valueOf(e.getMessage()).contains(words), String.valueOf(e.getMessage()));
    }

    @Test
    void additiveTruthHasAScoreOfOneAndItsOppositeMinusOne() {
        double[][] scores = {{1, 2, -3, 4, 0.5, 6}, {-1, 5, 2, 2.5, 0, -7}};
        double[][][] values = new double[4][1][2];
        for (int s = 0; s < 4; s++) {
            for (int q = 0; q < 2; q++) {
                double lower = 0;
                for (int z = 0; z < IDS.length; z++) {
                    lower += subsets.contains(s, IDS[z]) ? scores[q][z] : 0;
                }
                values[s][0][q] = 10 - (q == 0 ? lower : -lower);
            }
        }
        RetrainedObjectives truth = new RetrainedObjectives(subsets, new long[] {100, 101}, values);
        assertArrayEquals(new double[] {1, -1}, truth.linearDatamodellingScores(wrap(scores, 100)), 1e-12);
        refused("queries", () -> truth.linearDatamodellingScores(wrap(scores, 99)));
    }

    private static InfluenceScores wrap(double[][] scores, long firstQuery) {
        return new InfluenceScores(
                new long[] {firstQuery, 101},
                IDS,
                scores,
                Map.of(),
                new double[0][][],
                Provenance.here("test", Precision.FLOAT64, Optional.empty()));
    }
}
