package io.github.influence4j.djl;

import ai.djl.Model;
import ai.djl.nn.*;
import ai.djl.nn.core.Linear;
import io.github.influence4j.api.*;
import io.github.influence4j.api.Loss;
import io.github.influence4j.ekfac.internal.fit.*;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.*;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.*;
import io.github.influence4j.linalg.*;
import java.nio.file.Path;
import java.util.List;

/** Prints the ten training examples that helped most with a query. */
public final class DjlProgram {

    static Block block() {
        return new SequentialBlock()
                .add(Linear.builder().setUnits(8).build())
                .add(Activation.tanhBlock())
                .add(Linear.builder().setUnits(2).build());
    }

    static void run(Path folder, List<DjlExample> training, List<DjlExample> queries) throws Exception {
        ExampleSource<DjlExample> train = ExampleSource.of(training);
        try (Model trained = Model.newInstance("points", "PyTorch")) {
            trained.setBlock(block());
            trained.load(folder, "points");
            try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT32);
                    DjlProvider model = DjlProvider.of(trained.getBlock(), Loss.SOFTMAX_CROSS_ENTROPY, train);
                    var curvature =
                            EigenbasisApproximator.<DjlExample>ekfac(backend).fit(model, train);
                    EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
                var scores = new InfluenceScorer<>(backend, model).pairwise(solver, ExampleSource.of(queries), train);
                scores.topK(0, 10).forEach(i -> System.out.println("example " + i.trainId() + ": " + i.score()));
            }
        }
    }
}
