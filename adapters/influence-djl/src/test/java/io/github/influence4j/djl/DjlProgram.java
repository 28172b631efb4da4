package io.github.influence4j.djl;

import ai.djl.Model;
import ai.djl.nn.*;
import ai.djl.nn.core.Linear;
import io.github.influence4j.api.*;
import io.github.influence4j.ekfac.Ekfac;
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
            try (DjlProvider model = DjlProvider.of(trained.getBlock(), Loss.SOFTMAX_CROSS_ENTROPY, train);
                    var ekfac = Ekfac.inFloat32().fit(model, train)) {
                var scores = ekfac.damped(Damping.DEFAULT).pairwise(ExampleSource.of(queries), train);
                scores.topK(0, 10).forEach(i -> System.out.println("example " + i.trainId() + ": " + i.score()));
            }
        }
    }
}
