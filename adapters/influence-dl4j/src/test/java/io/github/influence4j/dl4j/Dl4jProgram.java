package io.github.influence4j.dl4j;

import io.github.influence4j.api.*;
import io.github.influence4j.ekfac.internal.fit.*;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.*;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.*;
import io.github.influence4j.linalg.*;
import java.io.File;
import java.io.IOException;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.dataset.DataSet;

/** Prints the ten training examples that helped most with a query. Arguments: network, training set, queries. */
public final class Dl4jProgram {

    public static void main(String[] files) throws IOException {
        MultiLayerNetwork network = MultiLayerNetwork.load(new File(files[0]), false);
        Dl4jProvider model = Dl4jProvider.of(network);
        ExampleSource<DataSet> train = Dl4jProvider.examples(load(files[1]));
        ExampleSource<DataSet> queries = Dl4jProvider.examples(load(files[2]));
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT32);
                EigenbasisCurvature curvature =
                        EigenbasisApproximator.<DataSet>ekfac(backend).fit(model, train);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            InfluenceScores scores = new InfluenceScorer<>(backend, model).pairwise(solver, queries, train);
            scores.topK(0, 10).forEach(i -> System.out.println("example " + i.trainId() + ": " + i.score()));
        }
    }

    private static DataSet load(String file) {
        DataSet data = new DataSet();
        data.load(new File(file));
        return data;
    }
}
