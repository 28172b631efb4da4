package io.github.influence4j.dl4j;

import io.github.influence4j.api.*;
import io.github.influence4j.ekfac.Ekfac;
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
        try (var ekfac = Ekfac.inFloat32().fit(model, train)) {
            InfluenceScores scores = ekfac.damped(Damping.DEFAULT).pairwise(queries, train);
            scores.topK(0, 10).forEach(i -> System.out.println("example " + i.trainId() + ": " + i.score()));
        }
    }

    private static DataSet load(String file) {
        DataSet data = new DataSet();
        data.load(new File(file));
        return data;
    }
}
