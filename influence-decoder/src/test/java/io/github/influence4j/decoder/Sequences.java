package io.github.influence4j.decoder;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.Stream;

/** Small transformers with weights in every place, and random sequences of all lengths for them. */
final class Sequences {

    private Sequences() {}

    /** Every activation, norm, family and option, in some combination. */
    static Stream<DecoderShape> shapes() {
        DecoderShape shape = DecoderShape.of(5, 6, 2, 4, 2).withHidden(3);
        return Stream.concat(
                plainShapes(),
                Stream.of(
                        llama(),
                        llama().withNaming(Naming.PLAIN)
                                .withActivation(Activation.RELU)
                                .withWindows(List.of(OptionalInt.of(2), OptionalInt.empty()))
                                .withBiases(true, false, true),
                        llama().withQueryKeyNorm(DecoderShape.QueryKeyNorm.HEADS)
                                .withTied(true),
                        llama().withNormPlace(DecoderShape.NormPlace.AFTER)
                                .withQueryKeyNorm(DecoderShape.QueryKeyNorm.ALL),
                        shape.withNaming(Naming.GPT2)
                                .withEpsilon(0.01)
                                .withActivation(Activation.GELU)
                                .withNorm(DecoderShape.Norm.LAYER)
                                .withBiases(true, true, true),
                        shape.withNaming(Naming.GPT_NEOX)
                                .withEpsilon(0.02)
                                .withRotary(RotaryPositions.of(10, 2))
                                .withActivation(Activation.GELU_ERF)
                                .withNorm(DecoderShape.Norm.LAYER)
                                .withParallelBranches(true)
                                .withBiases(true, true, true)));
    }

    /** Those that our own kind of file holds. */
    static Stream<DecoderShape> plainShapes() {
        DecoderShape shape = DecoderShape.of(5, 6, 2, 4, 2).withHidden(3);
        return Stream.of(
                shape,
                shape.withActivation(Activation.GELU),
                shape.withNorm(DecoderShape.Norm.LAYER).withTied(true),
                shape.withActivation(Activation.GELU)
                        .withNorm(DecoderShape.Norm.LAYER)
                        .withTied(true));
    }

    /** Those of published families. */
    static Stream<DecoderShape> publishedShapes() {
        return shapes().filter(shape -> shape.naming() != Naming.PLAIN);
    }

    /** Grouped heads that are wider than the hidden state, rotary positions and a gate. */
    private static DecoderShape llama() {
        return DecoderShape.of(5, 6, 2, 4, 2)
                .withHeads(1, 4)
                .withHidden(3)
                .withGate(true)
                .withActivation(Activation.SILU)
                .withRotary(RotaryPositions.of(20, 4).withScaling(new RotaryPositions.Llama3Scaling(4, 1, 3, 8)))
                .withBiases(false, false, false)
                .withEpsilon(
                        0.01) // bends less than the usual one, so that differences of losses are near the gradients
                .withNaming(Naming.LLAMA);
    }

    /** A model that tracks all that can be, with biases and gains that are not the initial ones. */
    static Decoder random(MatrixBackend backend, DecoderShape shape, long seed) {
        Random random = new Random(seed);
        EnumSet<Tracked> all = EnumSet.allOf(Tracked.class);
        if (shape.tied()) {
            all.remove(Tracked.HEAD);
        }
        try (Decoder initial = Decoder.create(backend, shape, seed)) {
            double[] flat = initial.parameters();
            Arrays.setAll(flat, k -> flat[k] + 0.2 * random.nextGaussian());
            initial.setParameters(flat);
            return initial.tracking(all);
        }
    }

    static List<TokenSequence> examples(DecoderShape shape, int count, long seed) {
        Random random = new Random(seed);
        List<TokenSequence> sequences = new ArrayList<>();
        for (int e = 0; e < count; e++) {
            int length = 2 + random.nextInt(shape.context() - 1);
            int[] tokens = random.ints(length, 0, shape.vocabulary()).toArray();
            sequences.add(TokenSequence.after(tokens, 1 + random.nextInt(length - 1)));
        }
        return sequences;
    }

    /** Some with labels that are other tokens, or are not counted, and some with a contrast. */
    static ExampleBatch<TokenSequence> labelled(DecoderShape shape, int count, long seed) {
        Random random = new Random(seed);
        List<TokenSequence> sequences = new ArrayList<>();
        long[] ids = new long[count];
        for (int e = 0; e < count; e++) {
            ids[e] = 50 + e;
            TokenSequence own = labelled(shape, random);
            sequences.add(e % 2 == 0 ? own : own.contrastedWith(labelled(shape, random)));
        }
        return new ExampleBatch<>(sequences, ids);
    }

    private static TokenSequence labelled(DecoderShape shape, Random random) {
        int length = 2 + random.nextInt(shape.context() - 1);
        int[] tokens = random.ints(length, 0, shape.vocabulary()).toArray();
        int[] labels = random.ints(length, 0, shape.vocabulary()).toArray();
        Arrays.setAll(labels, p -> random.nextInt(3) == 0 ? TokenSequence.NOT_COUNTED : labels[p]);
        labels[1 + random.nextInt(length - 1)] = tokens[0];
        return TokenSequence.labelled(tokens, labels);
    }

    static ExampleSource<TokenSequence> source(DecoderShape shape, int count, long seed) {
        long[] ids = new long[count];
        Arrays.setAll(ids, e -> 1000 + 7L * e);
        return ExampleSource.of(examples(shape, count, seed), ids);
    }

    static ExampleBatch<TokenSequence> batch(DecoderShape shape, int count, long seed) {
        return source(shape, count, seed).batches(count).iterator().next();
    }

    static LayerGradients normal(Decoder model, long seed) {
        Random random = new Random(seed);
        double[] flat = model.weights().toFlat();
        Arrays.setAll(flat, k -> random.nextGaussian());
        return LayerGradients.ofFlat(model.layers(), flat);
    }
}
