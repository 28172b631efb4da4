package io.github.influence4j.baselines;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.ejml.EjmlBackend;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Averages of scores against single scores averaged by hand. */
class EnsembleTest {

    private final MatrixBackend backend = new EjmlBackend();
    private final List<Mlp> models = new ArrayList<>();
    private final ExampleSource<LabelledExample> train = ExampleSource.of(examples(9, 1));
    private final ExampleSource<LabelledExample> queries = ExampleSource.of(examples(2, 2));

    @BeforeEach
    void create() {
        MlpShape shape = MlpShape.of(Activation.TANH, Loss.SQUARED_ERROR, 3, 4, 1);
        for (int seed = 0; seed < 3; seed++) {
            models.add(Mlp.create(backend, shape, seed));
        }
    }

    @AfterEach
    void close() {
        models.forEach(Mlp::close);
    }

    private static List<LabelledExample> examples(int count, long seed) {
        Random random = new Random(seed);
        return Stream.generate(() ->
                        LabelledExample.regression(random.doubles(3, -1, 1).toArray(), random.nextGaussian()))
                .limit(count)
                .toList();
    }

    private Ensemble<LabelledExample> ensemble(List<Mlp> members) {
        return Ensemble.of(
                members,
                (model, progress) -> Ekfac.on(backend).reporting(progress).fit(model, train));
    }

    @Test
    void isTheMeanOfItsMembersEachWithItsOwnDamping() {
        double[][] expected = new double[2][9];
        for (Mlp model : models) {
            try (EigenbasisCurvature curvature = EigenbasisApproximator.<LabelledExample>ekfac(backend)
                            .fit(model, train);
                    EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
                InfluenceScores scores = new InfluenceScorer<>(backend, model).pairwise(solver, queries, train);
                for (int q = 0; q < 2; q++) {
                    for (int z = 0; z < 9; z++) {
                        expected[q][z] += scores.score(q, z) / 3;
                    }
                }
            }
        }
        List<String> stages = new ArrayList<>();
        InfluenceScores mean =
                ensemble(models).pairwise(Damping.DEFAULT, queries, train, (stage, done, total) -> stages.add(stage));
        MatrixAssert.assertClose(expected, mean.matrix().toArray(), Tolerances.REORDERED_FLOAT64, "mean");
        assertEquals("3", mean.provenance().options().get("averaged over models"));
        assertTrue(mean.provenance().model().isEmpty(), "a mean is of no single model");
        for (Mlp model : models) {
            String fingerprint = model.fingerprint().orElseThrow();
            assertTrue(mean.provenance().options().getOrDefault("models", "").contains(fingerprint));
        }
        assertTrue(stages.contains("covariances, model 3 of 3"), stages::toString);
    }

    @Test
    void otherIdsAndNoModelAreRefused() {
        IllegalArgumentException none = assertThrows(IllegalArgumentException.class, () -> ensemble(List.of()));
        assertTrue(none.toString().contains("at least one model"), none::toString);
        ExampleSource<LabelledExample> changing = new ExampleSource<>() {
            private long passes;

            @Override
            public long size() {
                return 2;
            }

            @Override
            public Iterable<ExampleBatch<LabelledExample>> batches(int batchSize) {
                passes += 10;
                return ExampleSource.of(examples(2, 2), new long[] {passes, passes + 1})
                        .batches(batchSize);
            }
        };
        IllegalArgumentException other = assertThrows(IllegalArgumentException.class, () -> ensemble(models)
                .pairwise(Damping.DEFAULT, changing, train, ProgressListener.silent()));
        assertTrue(other.toString().contains("other queries or training examples"), other::toString);
    }

    /** Members need not be alike, if they were trained for the same task. */
    @Test
    void membersMayHaveOtherShapes() {
        MlpShape wide = MlpShape.of(Activation.RELU, Loss.SQUARED_ERROR, 3, 6, 1);
        try (Mlp other = Mlp.create(backend, wide, 5)) {
            List<Mlp> both = List.of(models.get(0), other);
            InfluenceScores mean = ensemble(both).pairwise(Damping.DEFAULT, queries, train, ProgressListener.silent());
            assertEquals(9, mean.trainIds().length);
        }
    }
}
