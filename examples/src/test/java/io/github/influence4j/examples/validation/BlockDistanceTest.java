package io.github.influence4j.examples.validation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Precision;
import io.github.influence4j.baselines.exact.ExactCurvature;
import io.github.influence4j.baselines.exact.ExactGaussNewton;
import io.github.influence4j.baselines.exact.ExactOptions;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import org.junit.jupiter.api.Test;

class BlockDistanceTest {

    private static final double EXACT = 1e-12;

    @Test
    void measuresTheErrorOfAnotherDamping() {
        ExampleSource<LabelledExample> train =
                ExampleSource.of(Bed.DIABETES.split().train().subList(0, 40));
        ExampleSource<LabelledExample> queries =
                ExampleSource.of(Bed.DIABETES.split().test().subList(0, 3));
        try (MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
                Mlp model = Mlp.create(backend, Bed.DIABETES.shape(), 1);
                ExactCurvature curvature = ExactGaussNewton.on(backend)
                        .with(ExactOptions.defaults().withScope(ExactOptions.Scope.PER_LAYER))
                        .curvature(model, train);
                IhvpSolver block = curvature.solver(Damping.absolute(1e6));
                IhvpSolver halved = curvature.solver(Damping.absolute(2e6))) {
            InfluenceScorer<LabelledExample> scorer = new InfluenceScorer<>(backend, model);
            InfluenceScores scores = scorer.pairwise(block, queries, train);

            BlockDistance none = BlockDistance.between(scores, block, scores, block);
            assertEquals(1, none.pearson(), EXACT);
            assertEquals(1, none.slope(), EXACT);
            assertEquals(0, none.error(), EXACT);
            assertEquals(0, none.randomError(), EXACT);

            // at a damping that drowns the matrix, twice of it halves everything
            BlockDistance half = BlockDistance.between(scorer.pairwise(halved, queries, train), halved, scores, block);
            assertTrue(half.pearson() > 1 - 1e-6);
            assertEquals(0.5, half.slope(), 1e-3);
            assertEquals(0.5, half.error(), 1e-3);
            assertEquals(0.5, half.randomError(), 1e-3);
        }
    }
}
