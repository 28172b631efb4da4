package io.github.influence4j.decoder;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.GradientChecks;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Captures against central differences, between batches, and of some layers only. */
class DecoderCaptureTest {

    private static final String SHAPES = "io.github.influence4j.decoder.Sequences#shapes";

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);

    @ParameterizedTest
    @MethodSource(SHAPES)
    void trainingLoss(DecoderShape shape) {
        ExampleBatch<TokenSequence> batch = Sequences.batch(shape, 4, 1);
        check(shape, batch, new Objective.TrainingLoss(), model -> model.losses(batch));
    }

    @ParameterizedTest
    @MethodSource(SHAPES)
    void measurementIsTheLossOfTheCompletion(DecoderShape shape) {
        ExampleBatch<TokenSequence> batch = Sequences.batch(shape, 4, 2);
        check(shape, batch, new Objective.Measurement(), model -> model.measurements(batch));
    }

    @ParameterizedTest
    @MethodSource(SHAPES)
    void labelsAndContrasts(DecoderShape shape) {
        ExampleBatch<TokenSequence> batch = Sequences.labelled(shape, 4, 3);
        check(shape, batch, new Objective.Measurement(), model -> model.measurements(batch));
    }

    /** A contrast's loss is the difference of the losses of both sequences, and is taken by the same model. */
    @Test
    void aContrastIsADifference() {
        DecoderShape shape = Sequences.shapes().findFirst().orElseThrow();
        TokenSequence one = TokenSequence.completion(new int[] {1, 2}, new int[] {3, 4});
        TokenSequence other = TokenSequence.completion(new int[] {1, 2}, new int[] {0});
        ExampleBatch<TokenSequence> batch =
                new ExampleBatch<>(List.of(one, other, one.contrastedWith(other)), new long[] {1, 2, 3});
        try (Decoder model = Sequences.random(backend, shape, 4)) {
            double[] m = model.measurements(batch);
            assertEquals(m[0] - m[1], m[2], Tolerances.REORDERED_FLOAT64);
        }
    }

    @Test
    void sampledLabelsAreDrawnByPosition() {
        DecoderShape shape = Sequences.shapes().findFirst().orElseThrow();
        ExampleBatch<TokenSequence> batch = Sequences.batch(shape, 4, 3);
        Objective.SampledLabels labels = new Objective.SampledLabels(9);
        try (Decoder model = Sequences.random(backend, shape, 4)) {
            double[][][] drawn = new double[batch.size()][][];
            for (int e = 0; e < batch.size(); e++) {
                int[] tokens = batch.examples().get(e).tokens();
                drawn[e] = new double[tokens.length - 1][];
                for (int p = 0; p < tokens.length - 1; p++) {
                    double[] probabilities = model.nextToken(java.util.Arrays.copyOf(tokens, p + 1));
                    drawn[e][p] = new double[] {labels.category(batch.ids()[e], p, probabilities)};
                }
            }
            check(shape, batch, labels, 4, moved -> logOdds(moved, batch, drawn));
        }
    }

    /** Σ_p −log p(label drawn at p) over the counted positions, by runs on every prefix. */
    private static double[] logOdds(Decoder model, ExampleBatch<TokenSequence> batch, double[][][] labels) {
        double[] sums = new double[batch.size()];
        for (int e = 0; e < sums.length; e++) {
            int[] tokens = batch.examples().get(e).tokens();
            int prompt = batch.examples().get(e).prompt();
            for (int p = prompt - 1; p < tokens.length - 1; p++) {
                double[] probabilities = model.nextToken(java.util.Arrays.copyOf(tokens, p + 1));
                sums[e] -= Math.log(probabilities[(int) labels[e][p][0]]);
            }
        }
        return sums;
    }

    @Test
    void sampledLabelsFollowSeedAndId() {
        DecoderShape shape = Sequences.shapes().findFirst().orElseThrow();
        try (Decoder model = Sequences.random(backend, shape, 5)) {
            GradientChecks.sampledLabelsFollowSeedAndId(
                    model, Sequences.source(shape, 30, 6), Tolerances.REORDERED_FLOAT64);
        }
    }

    @ParameterizedTest
    @MethodSource(SHAPES)
    void neitherBatchNorPaddingMatters(DecoderShape shape) {
        try (Decoder model = Sequences.random(backend, shape, 7)) {
            GradientChecks.sameInEveryBatch(
                    model, Sequences.source(shape, 9, 8), new Objective.TrainingLoss(), Tolerances.REORDERED_FLOAT64);
        }
    }

    @ParameterizedTest
    @MethodSource(SHAPES)
    void anyLayersCanBeAskedFor(DecoderShape shape) {
        ExampleBatch<TokenSequence> batch = Sequences.batch(shape, 3, 9);
        try (Decoder model = Sequences.random(backend, shape, 10)) {
            List<LayerGradients> all = GradientChecks.gradients(model, batch, new Objective.TrainingLoss());
            for (LayerSpec layer : model.layers()) {
                List<String> came = new ArrayList<>();
                model.capture(batch, new Objective.TrainingLoss(), List.of(layer), capture -> {
                    came.add(capture.layer().name());
                    double[][] sum = new double[layer.outputs()][layer.gradientColumns()];
                    double[][] in = capture.activations().toArray();
                    double[][] out = capture.outputGradients().toArray();
                    for (int p = 0; p < capture.positions(); p++) {
                        for (int o = 0; capture.mask().isReal(p) && o < sum.length; o++) {
                            for (int i = 0; i < sum[o].length; i++) {
                                sum[o][i] += out[p][o] * (i < in[p].length ? in[p][i] : 1);
                            }
                        }
                    }
                    MatrixAssert.assertClose(
                            all.get(0).layer(layer.name()).toArray(), sum, Tolerances.REORDERED_FLOAT64, layer.name());
                });
                assertEquals(List.of(layer.name()), came);
            }
        }
    }

    /** Queries, keys and values of a block read one input, a gate and its up projection another. */
    @ParameterizedTest
    @MethodSource(SHAPES)
    void layersThatShareAnInputAreNamed(DecoderShape shape) {
        ExampleBatch<TokenSequence> batch = Sequences.batch(shape, 3, 9);
        try (Decoder model = Sequences.random(backend, shape, 10)) {
            Map<String, double[][]> inputs = new LinkedHashMap<>();
            model.capture(batch, new Objective.TrainingLoss(), model.layers(), capture -> {
                double[][] rows = capture.activations().toArray();
                for (int p = 0; p < rows.length; p++) {
                    rows[p] = capture.mask().isReal(p) ? rows[p] : new double[0];
                }
                inputs.put(capture.layer().name(), rows);
            });
            // whatever comes with the same numbers, found without the names
            Map<String, List<String>> expected = new LinkedHashMap<>();
            for (LayerSpec layer : model.layers()) {
                expected.computeIfAbsent(Arrays.deepToString(inputs.get(layer.name())), rows -> new ArrayList<>())
                        .add(layer.name());
            }
            expected.values().removeIf(names -> names.size() == 1);
            assertEquals(List.copyOf(expected.values()), model.sharedInputs());
            List<String> names = model.layers().stream().map(LayerSpec::name).toList();
            assertEquals(model.sharedInputs(), Decoder.sharedInputsOf(shape, names));
        }
    }

    @Test
    void float32IsNearFloat64() {
        DecoderShape shape = DecoderShape.of(30, 16, 2, 16, 4);
        ExampleBatch<TokenSequence> batch = Sequences.batch(shape, 8, 11);
        MatrixBackend single = MatrixBackends.named("openblas", Precision.FLOAT32);
        try (Decoder exact = Sequences.random(backend, shape, 12);
                Decoder rounded = Sequences.random(single, shape, 12)) {
            List<LayerGradients> expected = GradientChecks.gradients(exact, batch, new Objective.TrainingLoss());
            List<LayerGradients> actual = GradientChecks.gradients(rounded, batch, new Objective.TrainingLoss());
            for (int e = 0; e < batch.size(); e++) {
                for (LayerSpec layer : exact.layers()) {
                    MatrixAssert.assertClose(
                            expected.get(e).layer(layer.name()),
                            actual.get(e).layer(layer.name()),
                            Tolerances.REORDERED_FLOAT32,
                            layer.name());
                }
            }
            MatrixAssert.assertClose(
                    exact.losses(batch), rounded.losses(batch), Tolerances.REORDERED_FLOAT32, "losses");
        }
    }

    @Test
    void trackedKindsNameTheLayers() {
        DecoderShape shape = DecoderShape.of(5, 6, 1, 4, 2);
        try (Decoder model = Decoder.create(backend, shape, 1);
                Decoder all = model.tracking(Set.of(Tracked.MLP, Tracked.ATTENTION, Tracked.HEAD))) {
            assertEquals(
                    List.of("blocks.0.mlp.fc", "blocks.0.mlp.proj"),
                    model.layers().stream().map(LayerSpec::name).toList());
            assertEquals(
                    List.of(
                            "blocks.0.attention.query",
                            "blocks.0.attention.key",
                            "blocks.0.attention.value",
                            "blocks.0.attention.output",
                            "blocks.0.mlp.fc",
                            "blocks.0.mlp.proj",
                            "head"),
                    all.layers().stream().map(LayerSpec::name).toList());
        }
    }

    private void check(
            DecoderShape shape,
            ExampleBatch<TokenSequence> batch,
            Objective objective,
            Function<Decoder, double[]> losses) {
        check(shape, batch, objective, 13, losses);
    }

    private void check(
            DecoderShape shape,
            ExampleBatch<TokenSequence> batch,
            Objective objective,
            long seed,
            Function<Decoder, double[]> losses) {
        try (Decoder model = Sequences.random(backend, shape, seed)) {
            GradientChecks.matchFiniteDifferences(
                    model, batch, objective, model.weights().toFlat(), flat -> {
                        try (Decoder moved = model.withWeights(LayerGradients.ofFlat(model.layers(), flat))) {
                            return losses.apply(moved);
                        }
                    });
        }
    }
}
