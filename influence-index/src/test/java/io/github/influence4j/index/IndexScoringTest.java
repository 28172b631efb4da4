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
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IndexScoringTest {

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
        try (FittedCurvature<Sequence> fitted = Ekfac.on(BACKEND).fit(Sequences.model(), TRAINING)) {
            FactorStore factors = FactorStore.save(folder.resolve("factors"), fitted);
            IndexBuild.of(
                            BACKEND,
                            factors,
                            Sequences.model(),
                            Damping.DEFAULT,
                            IndexOptions.defaults().withPercent(percent),
                            ProgressListener.silent())
                    .write(folder.resolve("index"), TRAINING, false);
            try (GradientIndex index = GradientIndex.open(folder.resolve("index"));
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
                    assertEquals(errors.score(q, (int) estimate.trainId()), estimate.standardError());
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
}
