package io.github.influence4j.models;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.Loss;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Networks with weights in every place, the biases too, and random examples for them. */
final class Networks {

    private Networks() {}

    /** Every activation with every loss, as a single layer and as three. */
    static Stream<MlpShape> shapes() {
        return Arrays.stream(Activation.values()).flatMap(activation -> Arrays.stream(Loss.values())
                .flatMap(loss ->
                        Stream.of(MlpShape.of(activation, loss, 3, 2), MlpShape.of(activation, loss, 4, 5, 3, 3))));
    }

    static Mlp random(MatrixBackend backend, MlpShape shape, long seed) {
        Random random = new Random(seed);
        try (Mlp initial = Mlp.create(backend, shape, seed)) {
            double[] flat = initial.weights().toFlat();
            Arrays.setAll(flat, k -> flat[k] + 0.3 * random.nextGaussian());
            return initial.withWeights(LayerGradients.ofFlat(shape.layers(), flat));
        }
    }

    static List<LabelledExample> examples(MlpShape shape, int count, long seed) {
        Random random = new Random(seed);
        List<LabelledExample> examples = new ArrayList<>();
        for (int e = 0; e < count; e++) {
            double[] features = normal(random, shape.features());
            examples.add(
                    shape.loss() == Loss.SOFTMAX_CROSS_ENTROPY
                            ? LabelledExample.classified(features, random.nextInt(shape.outputs()))
                            : LabelledExample.regression(features, normal(random, shape.outputs())));
        }
        return examples;
    }

    /** One batch of random examples with ids that are not their indices. */
    static ExampleBatch<LabelledExample> batch(MlpShape shape, int count, long seed) {
        long[] ids = new long[count];
        Arrays.setAll(ids, e -> 1000 + 7L * e);
        return ExampleSource.of(examples(shape, count, seed), ids)
                .batches(count)
                .iterator()
                .next();
    }

    static double[] normal(Random random, int count) {
        return random.doubles(count, -1.5, 1.5).toArray();
    }
}
