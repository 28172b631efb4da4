package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.linalg.ejml.EjmlBackend;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Influence with the exact solver, through the scoring engine that every estimator shares. */
class ExactScoresTest {

    @Test
    void pairwiseAndSelfInfluenceAreThoseOfTheDenseMatrix() {
        EjmlBackend backend = new EjmlBackend();
        ExactCase<LabelledExample> model = ExactCase.mlp();
        List<double[]> gradients = new ArrayList<>();
        for (ExampleBatch<LabelledExample> one : model.data().batches(1)) {
            gradients.add(DenseOracle.gradient(model.model(), one, new Objective.TrainingLoss()));
        }
        try (ExactCurvature curvature = ExactGaussNewton.on(backend)
                        .with(ExactOptions.defaults())
                        .curvature(model.model(), model.data());
                ExactSolver solver = curvature.solver(Damping.DEFAULT)) {
            double[][] expected = new double[gradients.size()][gradients.size()];
            double[] own = new double[gradients.size()];
            for (int q = 0; q < expected.length; q++) {
                LayerGradients query = LayerGradients.ofFlat(model.layers(), gradients.get(q));
                double[] solution = model.oracle().solve(solver.damping(), query);
                for (int z = 0; z < expected.length; z++) {
                    for (int k = 0; k < solution.length; k++) {
                        expected[q][z] += solution[k] * gradients.get(z)[k];
                    }
                }
                own[q] = expected[q][q];
            }
            InfluenceScorer<LabelledExample> scorer = new InfluenceScorer<>(backend, model.model());
            InfluenceScores scores = scorer.pairwise(solver, model.data(), model.data());
            MatrixAssert.assertClose(Matrix.of(expected), scores.matrix(), Tolerances.EXACT_SOLVE, "pairwise");
            SelfInfluence self = scorer.self(solver, model.data());
            MatrixAssert.assertClose(own, self.scores(), Tolerances.EXACT_SOLVE, "self");
        }
    }
}
