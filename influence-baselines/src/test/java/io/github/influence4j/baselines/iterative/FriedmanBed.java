package io.github.influence4j.baselines.iterative;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Objective;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import io.github.influence4j.models.MlpTraining;
import io.github.influence4j.models.Optimizer;
import io.github.influence4j.models.TrainingOptions;
import io.github.influence4j.testkit.GradientChecks;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A small trained regression network on Friedman's first function, with held-out queries. */
record FriedmanBed(Mlp model, ExampleSource<LabelledExample> train, ExampleSource<LabelledExample> queries)
        implements AutoCloseable {

    private static final int FEATURES = 8;

    static FriedmanBed trained(MatrixBackend backend, int train, int hidden, int epochs, long seed) {
        Random random = new Random(seed);
        ExampleSource<LabelledExample> data = ExampleSource.of(examples(random, train));
        ExampleSource<LabelledExample> queries = ExampleSource.of(examples(random, 10));
        MlpShape shape = MlpShape.of(Activation.TANH, Loss.SQUARED_ERROR, FEATURES, hidden, hidden, 1);
        TrainingOptions options = TrainingOptions.sgd()
                .withEpochs(epochs)
                .withBatchSize(Math.min(128, train))
                .withOptimizer(new Optimizer.Sgd(0.9))
                .withLearningRate(0.03)
                .withWeightDecay(1e-4);
        try (Mlp start = Mlp.create(backend, shape, seed)) {
            return new FriedmanBed(MlpTraining.train(start, data, options).model(), data, queries);
        }
    }

    private static List<LabelledExample> examples(Random random, int count) {
        List<LabelledExample> examples = new ArrayList<>();
        for (int e = 0; e < count; e++) {
            double[] x = random.doubles(FEATURES).toArray();
            double y = 10 * Math.sin(Math.PI * x[0] * x[1])
                    + 20 * (x[2] - 0.5) * (x[2] - 0.5)
                    + 10 * x[3]
                    + 5 * x[4]
                    + random.nextGaussian();
            for (int f = 0; f < FEATURES; f++) {
                x[f] = (x[f] - 0.5) * Math.sqrt(12);
            }
            examples.add(LabelledExample.regression(x, (y - 14.4) / 5));
        }
        return examples;
    }

    List<LayerSpec> layers() {
        return model.layers();
    }

    /** Gradients of the queries' losses. */
    List<LayerGradients> queryGradients() {
        return gradients(queries, new Objective.Measurement());
    }

    /** Gradients of the training losses. */
    List<LayerGradients> trainGradients() {
        return gradients(train, new Objective.TrainingLoss());
    }

    private List<LayerGradients> gradients(ExampleSource<LabelledExample> source, Objective objective) {
        return GradientChecks.gradients(
                model, source.batches((int) source.size()).iterator().next(), objective);
    }

    @Override
    public void close() {
        model.close();
    }
}
