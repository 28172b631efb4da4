package io.github.influence4j.examples.snippets;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.List;

/** What the README shows under "Use". */
final class ReadmeSnippets {

    private ReadmeSnippets() {}

    static <Example> void use(
            GradientProvider<Example> model, ExampleSource<Example> train, ExampleSource<Example> queries) {
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT32);
                EigenbasisCurvature curvature =
                        EigenbasisApproximator.<Example>ekfac(backend).fit(model, train);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            InfluenceScores scores = new InfluenceScorer<>(backend, model).pairwise(solver, queries, train);
            for (Influence influence : scores.topK(0, 10)) {
                System.out.printf("training example %d: %+.3g%n", influence.trainId(), influence.score());
            }
            List<Influence> suspicious =
                    new InfluenceScorer<>(backend, model).self(solver, train).ranking();
            System.out.println(
                    "look at the label of training example " + suspicious.get(0).trainId());
        }
    }
}
