package io.github.influence4j.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.ekfac.CurvatureScoring;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class IndexScoringTest {

    /** Share of a normal number's square that four bits leave (Max 1960). */
    private static final double LEFT_OF_NORMAL_NUMBERS = 0.01154;

    private static final int TRAIN = 150;
    private static final int QUERIES = 12;
    private static final MatrixBackend BACKEND = TestBackends.OPENBLAS;

    @TempDir
    Path folder;

    private static final Sequences TRAINING = new Sequences(0, TRAIN, 40);
    private static final Sequences QUESTIONS = new Sequences(5_000, 5_000 + QUERIES, QUERIES);

    private interface Check {
        void check(CurvatureScoring<Sequence> full, IndexScoring<Sequence> scoring) throws IOException;
    }

    private void with(double percent, Check check) throws IOException {
        with(IndexOptions.defaults().withPercent(percent), check);
    }

    private void with(IndexOptions options, Check check) throws IOException {
        Path own = Files.createTempDirectory(folder, "index");
        try (FittedCurvature<Sequence> fitted = Ekfac.on(BACKEND).fit(Sequences.model(), TRAINING)) {
            FactorStore factors = FactorStore.save(own.resolve("factors"), fitted);
            IndexBuild.of(BACKEND, factors, Sequences.model(), Damping.DEFAULT, options, ProgressListener.silent())
                    .write(own.resolve("index"), TRAINING, false);
            try (GradientIndex index = GradientIndex.open(own.resolve("index"));
                    IndexScoring<Sequence> scoring =
                            index.scoring(BACKEND, factors, Sequences.model(), ProgressListener.silent())) {
                check.check(fitted.damped(Damping.DEFAULT), scoring);
            }
        }
    }

    @Test
    void estimatesAreAsFarFromTheScoresAsTheirErrorsSay() throws IOException {
        with(2.5, (full, scoring) -> {
            InfluenceScores exact = full.pairwise(QUESTIONS, TRAINING);
            InfluenceScores found = scoring.pairwise(QUESTIONS);
            InfluenceScores errors = scoring.standardErrors(QUESTIONS);
            assertEquals(List.of(exact.trainIds()[17]), List.of(found.trainIds()[17]));
            int within = 0;
            for (int q = 0; q < QUERIES; q++) {
                for (int z = 0; z < TRAIN; z++) {
                    double off = Math.abs(found.score(q, z) - exact.score(q, z));
                    within += off <= 2 * errors.score(q, z) ? 1 : 0;
                }
            }
            double share = (double) within / (QUERIES * TRAIN);
            assertTrue(share >= 0.93 && share <= 0.98, "within two standard errors: " + share);
        });
    }

    @Test
    void theBestAreThoseOfAllEstimatesAndAreScoredAgain() throws IOException {
        with(1.5, (full, scoring) -> {
            int k = 7;
            InfluenceScores all = scoring.pairwise(QUESTIONS);
            InfluenceScores errors = scoring.standardErrors(QUESTIONS);
            TopEstimates top = scoring.topK(QUESTIONS, k);
            for (int q = 0; q < QUERIES; q++) {
                assertEquals(all.topK(q, k), top.influences().helpful().get(q));
                assertEquals(all.bottomK(q, k), top.influences().harmful().get(q));
                for (Estimate estimate : top.helpful().get(q)) {
                    assertEquals(
                            errors.score(q, (int) estimate.trainId()),
                            estimate.standardError().orElseThrow());
                }
            }
            // with every example among the candidates the exact ranking comes back
            TopInfluences again = scoring.rescore(QUESTIONS, TRAINING, scoring.topK(QUESTIONS, TRAIN), k);
            TopInfluences exact = full.topK(QUESTIONS, TRAINING, k);
            for (int q = 0; q < QUERIES; q++) {
                for (int r = 0; r < k; r++) {
                    Influence expected = exact.helpful().get(q).get(r);
                    Influence found = again.helpful().get(q).get(r);
                    assertEquals(expected.trainId(), found.trainId());
                    assertEquals(
                            expected.score(), found.score(), Tolerances.REORDERED_FLOAT32 * Math.abs(expected.score()));
                }
            }
            assertThrows(IllegalArgumentException.class, () -> scoring.topK(QUESTIONS, 0));
        });
    }

    /** Four bits of every coordinate leave of the scores what they leave of normal numbers, with any damping. */
    @Test
    void coordinatesLeaveOfTheScoresWhatTheirBitsLeave() throws IOException {
        int parameters = Sequences.model().layers().stream()
                .mapToInt(layer -> (int) layer.parameters())
                .sum();
        IndexOptions all = IndexOptions.defaults()
                .withPercent(1.5)
                .withCoordinatesBytes(8 + 3 * 8 + 4L * (parameters - parameters % 64) / 8);
        with(all, (full, scoring) -> {
            InfluenceScores exact = full.pairwise(QUESTIONS, TRAINING);
            IndexScoring<Sequence> coordinates = scoring.byCoordinates();
            double found = left(exact, coordinates.pairwise(QUESTIONS));
            assertTrue(found < 2 * LEFT_OF_NORMAL_NUMBERS && found > LEFT_OF_NORMAL_NUMBERS / 4, "left: " + found);
            assertThrows(IllegalStateException.class, () -> coordinates.standardErrors(QUESTIONS));
            TopEstimates top = coordinates.topK(QUESTIONS, 3);
            assertEquals(
                    coordinates.pairwise(QUESTIONS).topK(0, 3),
                    top.influences().helpful().get(0));
            assertTrue(top.helpful().get(0).get(0).standardError().isEmpty());
            // signs are asked where nothing is said
            assertEquals(
                    scoring.bySigns().topK(QUESTIONS, 5).influences().helpful(),
                    scoring.topK(QUESTIONS, 5).influences().helpful());
        });
    }

    @Test
    void coordinatesAnswerWithOtherDampings() throws IOException {
        try (FittedCurvature<Sequence> fitted = Ekfac.on(BACKEND).fit(Sequences.model(), TRAINING)) {
            for (double factor : new double[] {0.02, 1}) {
                Damping other = Damping.relative(factor);
                InfluenceScores exact = fitted.damped(other).pairwise(QUESTIONS, TRAINING);
                with(IndexOptions.defaults().withPercent(1.5).withCoordinatesPercent(12), (full, scoring) -> {
                    double found = left(exact, scoring.byCoordinates(other).pairwise(QUESTIONS));
                    assertTrue(found < 3 * LEFT_OF_NORMAL_NUMBERS, "left at " + other + ": " + found);
                    double without = left(exact, scoring.byCoordinates().pairwise(QUESTIONS));
                    assertTrue(found < without / 2, found + " of " + without);
                });
            }
        }
    }

    /** A sample of all others counts what the candidates miss; smaller ones have the true share in their intervals. */
    @Test
    void anAuditCountsWhatTheCandidatesMiss() throws IOException {
        with(1.5, (full, scoring) -> {
            int k = 5;
            int kept = 9;
            InfluenceScores exact = full.pairwise(QUESTIONS, TRAINING);
            TopEstimates candidates = scoring.topK(QUESTIONS, kept);
            int missed = 0;
            double recall = 0;
            for (int q = 0; q < QUERIES; q++) {
                Set<Long> found = candidates.helpful().get(q).stream()
                        .map(Estimate::trainId)
                        .collect(Collectors.toSet());
                List<Influence> all = exact.topK(q, TRAIN);
                int met = 0;
                for (int rank = 0; rank < TRAIN && met < k; rank++) {
                    if (found.contains(all.get(rank).trainId())) {
                        met++;
                        recall += rank < k ? 1.0 / (k * QUERIES) : 0;
                    } else {
                        missed++;
                    }
                }
            }
            RecallBound whole = scoring.audit(QUESTIONS, TRAINING, candidates, k, TRAIN, 1);
            assertEquals((TRAIN - kept) * QUERIES, whole.trials());
            assertEquals(missed, whole.higher());
            assertTrue(missed > 0 && whole.recall() <= recall + 1e-12, whole + " of " + recall);
            int within = 0;
            int seeds = 60;
            for (int seed = 0; seed < seeds; seed++) {
                RecallBound some = scoring.audit(QUESTIONS, TRAINING, candidates, k, 20, seed);
                assertEquals(20 * QUERIES, some.trials());
                within += some.low() <= whole.recall() && whole.recall() <= some.high() ? 1 : 0;
            }
            // 95 % and more for independent pairs; these are drawn without repetition, which errs on that side
            assertTrue(within >= 0.9 * seeds, within + " of " + seeds);
            assertThrows(
                    IllegalArgumentException.class,
                    () -> scoring.audit(QUESTIONS, TRAINING, candidates, kept + 1, 20, 1));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> scoring.audit(QUESTIONS, TRAINING, scoring.topK(QUESTIONS, TRAIN), k, 20, 1));
        });
    }

    @Test
    void whatAnIndexDoesNotHaveIsNotAsked() throws IOException {
        with(1.5, (full, scoring) -> assertThrows(IllegalStateException.class, scoring::byCoordinates));
    }

    /** Defect: parts by layer or token, and a rank, were dropped without a word. */
    @Test
    void partsThatAnIndexDoesNotHaveAreRefusedByName() throws IOException {
        ScoreOptions plain = ScoreOptions.defaults();
        Path own = Files.createTempDirectory(folder, "index");
        try (FittedCurvature<Sequence> fitted = Ekfac.on(BACKEND).fit(Sequences.model(), TRAINING)) {
            FactorStore factors = FactorStore.save(own.resolve("factors"), fitted);
            IndexBuild.of(
                            BACKEND,
                            factors,
                            Sequences.model(),
                            Damping.DEFAULT,
                            IndexOptions.defaults().withPercent(1.5),
                            ProgressListener.silent())
                    .write(own.resolve("index"), TRAINING, false);
            try (GradientIndex index = GradientIndex.open(own.resolve("index"))) {
                for (Map.Entry<ScoreOptions, String> asked : Map.of(
                                plain.withPerLayer(true), "parts by layer;",
                                plain.withPerLayer(true).withPerToken(true), "parts by layer and parts by token;",
                                plain.withRank(2), "queries cut to a rank (2);")
                        .entrySet()) {
                    for (Executable way : List.<Executable>of(
                            () -> index.scoring(
                                    BACKEND, factors, Sequences.model(), asked.getKey(), ProgressListener.silent()),
                            () -> IndexOptions.defaults().withBatches(asked.getKey()))) {
                        String message = String.valueOf(assertThrows(IllegalArgumentException.class, way)
                                .getMessage());
                        assertTrue(message.contains("asked for were " + asked.getValue()), message);
                    }
                }
                index.scoring(
                                BACKEND,
                                factors,
                                Sequences.model(),
                                plain.withBatchSize(3).withMemoryLimit(1 << 28),
                                ProgressListener.silent())
                        .close();
            }
        }
    }

    /** Share of the scores' squares that the estimates are off. */
    private static double left(InfluenceScores exact, InfluenceScores found) {
        double off = 0;
        double all = 0;
        for (int q = 0; q < QUERIES; q++) {
            for (int z = 0; z < TRAIN; z++) {
                off += Math.pow(found.score(q, z) - exact.score(q, z), 2);
                all += Math.pow(exact.score(q, z), 2);
            }
        }
        return off / all;
    }
}
