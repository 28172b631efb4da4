package io.github.influence4j.models.transformer;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.models.Activation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Small transformers with weights in every place, and random sequences of all lengths for them. */
final class Sequences {

    private Sequences() {}

    /** Every activation with every norm, tied and not. */
    static Stream<TransformerShape> shapes() {
        TransformerShape shape = TransformerShape.of(5, 6, 2, 4, 2).withHidden(3);
        return Stream.of(
                shape,
                shape.withActivation(Activation.GELU),
                shape.withNorm(TransformerShape.Norm.LAYER).withTied(true),
                shape.withActivation(Activation.GELU)
                        .withNorm(TransformerShape.Norm.LAYER)
                        .withTied(true));
    }

    /** A model that tracks all that can be, with biases and gains that are not the initial ones. */
    static Transformer random(MatrixBackend backend, TransformerShape shape, long seed) {
        Random random = new Random(seed);
        EnumSet<Tracked> all = EnumSet.allOf(Tracked.class);
        if (shape.tied()) {
            all.remove(Tracked.HEAD);
        }
        try (Transformer initial = Transformer.create(backend, shape, seed)) {
            double[] flat = initial.parameters();
            Arrays.setAll(flat, k -> flat[k] + 0.2 * random.nextGaussian());
            initial.setParameters(flat);
            return initial.tracking(all);
        }
    }

    static List<TokenSequence> examples(TransformerShape shape, int count, long seed) {
        Random random = new Random(seed);
        List<TokenSequence> sequences = new ArrayList<>();
        for (int e = 0; e < count; e++) {
            int length = 2 + random.nextInt(shape.context() - 1);
            int[] tokens = random.ints(length, 0, shape.vocabulary()).toArray();
            sequences.add(new TokenSequence(tokens, 1 + random.nextInt(length - 1)));
        }
        return sequences;
    }

    static ExampleSource<TokenSequence> source(TransformerShape shape, int count, long seed) {
        long[] ids = new long[count];
        Arrays.setAll(ids, e -> 1000 + 7L * e);
        return ExampleSource.of(examples(shape, count, seed), ids);
    }

    static ExampleBatch<TokenSequence> batch(TransformerShape shape, int count, long seed) {
        return source(shape, count, seed).batches(count).iterator().next();
    }

    static LayerGradients normal(Transformer model, long seed) {
        Random random = new Random(seed);
        double[] flat = model.weights().toFlat();
        Arrays.setAll(flat, k -> random.nextGaussian());
        return LayerGradients.ofFlat(model.layers(), flat);
    }
}
