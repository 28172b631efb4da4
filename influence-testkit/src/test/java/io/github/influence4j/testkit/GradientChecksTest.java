package io.github.influence4j.testkit;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.PositionMask;
import io.github.influence4j.testkit.PlainLinearModel.Example;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The checks pass a right model on plain arrays and fail every way of getting one wrong that we could think of. */
class GradientChecksTest {

    private static final int CLASSES = 3;
    private static final int FEATURES = 4;
    private static final Objective TRAINING = new Objective.TrainingLoss();

    private final double[][] weights = normal(new Random(7), CLASSES, FEATURES + 1);
    private final PlainLinearModel model = new PlainLinearModel(weights);
    private final List<Example> examples = examples(new Random(8), 48);
    private final ExampleSource<Example> data = ExampleSource.of(examples);
    private final ExampleBatch<Example> batch = data.batches(48).iterator().next();

    @Test
    void plainModelMatchesFiniteDifferences() {
        GradientChecks.matchFiniteDifferences(model, batch, TRAINING, flat(weights), this::losses);
        GradientChecks.matchFiniteDifferences(model, batch, new Objective.Measurement(), flat(weights), this::losses);
    }

    @Test
    void plainModelIsTheSameInEveryBatch() {
        GradientChecks.sameInEveryBatch(model, data, TRAINING, Tolerances.REORDERED_FLOAT64);
        GradientChecks.sampledLabelsFollowSeedAndId(model, data, Tolerances.REORDERED_FLOAT64);
    }

    @Test
    void averagedLossIsFound() {
        GradientProvider<Example> averaged = altered((b, objective, capture) -> {
            double[][] gradients = capture.outputGradients().toArray();
            for (double[] row : gradients) {
                Arrays.setAll(row, o -> row[o] / b.size());
            }
            return LayerCapture.of(capture.layer(), capture.activations(), Matrix.of(gradients));
        });
        assertFails(
                "finite differences",
                () -> GradientChecks.matchFiniteDifferences(averaged, batch, TRAINING, flat(weights), this::losses));
        assertFails(
                "gradients at linear",
                () -> GradientChecks.sameInEveryBatch(averaged, data, TRAINING, Tolerances.REORDERED_FLOAT64));
    }

    @Test
    void gradientOfTheWrongSignIsFound() {
        GradientProvider<Example> flipped = altered((b, objective, capture) -> {
            double[][] gradients = capture.outputGradients().toArray();
            for (double[] row : gradients) {
                Arrays.setAll(row, o -> -row[o]);
            }
            return LayerCapture.of(capture.layer(), capture.activations(), Matrix.of(gradients));
        });
        assertFails(
                "finite differences",
                () -> GradientChecks.matchFiniteDifferences(flipped, batch, TRAINING, flat(weights), this::losses));
    }

    @Test
    void labelsByPlaceInTheBatchAreFound() {
        GradientProvider<Example> byPlace = resampled((b, e) -> e);
        assertFails(
                "alone or in one batch",
                () -> GradientChecks.sampledLabelsFollowSeedAndId(byPlace, data, Tolerances.REORDERED_FLOAT64));
    }

    @Test
    void labelsThatIgnoreTheIdAreFound() {
        GradientProvider<Example> constant = resampled((b, e) -> 0);
        assertFails(
                "do not depend on the id",
                () -> GradientChecks.sampledLabelsFollowSeedAndId(constant, data, Tolerances.REORDERED_FLOAT64));
    }

    @Test
    void labelsThatIgnoreTheSeedAreFound() {
        GradientProvider<Example> trueLabels = new Altered(model, (b, objective, capture) -> capture) {
            @Override
            public void capture(ExampleBatch<Example> b, Objective o, List<LayerSpec> layers, CaptureSink sink) {
                super.capture(b, TRAINING, layers, sink);
            }
        };
        assertFails(
                "do not depend on the seed",
                () -> GradientChecks.sampledLabelsFollowSeedAndId(trueLabels, data, Tolerances.REORDERED_FLOAT64));
    }

    @Test
    void layersThatComeTwiceOrNotAtAllAreFound() {
        assertFails("linear came twice", () -> GradientChecks.gradients(repeated(2), batch, TRAINING));
        assertFails("linear did not come", () -> GradientChecks.gradients(repeated(0), batch, TRAINING));
    }

    @Test
    void gradientsSumOverRealPositions() {
        LayerSpec layer = LayerSpec.tokens("l", 1, 1);
        LayerSpec plain = new LayerSpec("m", 1, 2, false, LayerSpec.Positions.TOKENS);
        GradientProvider<String> tokens = new GradientProvider<>() {
            @Override
            public List<LayerSpec> layers() {
                return List.of(layer, plain);
            }

            @Override
            public void capture(ExampleBatch<String> b, Objective o, List<LayerSpec> layers, CaptureSink sink) {
                Matrix inputs = Matrix.of(new double[][] {{1}, {2}, {3}, {4}});
                PositionMask mask = PositionMask.of(new boolean[] {true, true, true, false});
                sink.accept(
                        LayerCapture.of(plain, 2, 2, inputs, Matrix.of(new double[][] {{1, 0}, {0, 1}, {2, 5}, {9, 9}}))
                                .withMask(mask));
                sink.accept(LayerCapture.of(layer, 2, 2, inputs, Matrix.of(new double[][] {{10}, {20}, {30}, {40}}))
                        .withMask(mask));
            }
        };
        List<LayerGradients> gradients =
                GradientChecks.gradients(tokens, new ExampleBatch<>(List.of("a", "b"), new long[] {1, 2}), TRAINING);
        MatrixAssert.assertClose(new double[] {50, 30, 1, 2}, gradients.get(0).toFlat(), 0, "first");
        MatrixAssert.assertClose(new double[] {90, 30, 6, 15}, gradients.get(1).toFlat(), 0, "second");
    }

    private static void assertFails(String message, Runnable check) {
        AssertionError error = assertThrows(AssertionError.class, check::run);
        assertTrue(error.toString().contains(message), error::toString);
    }

    /** Minus the log-probability of every label of the batch, at other weights. */
    private double[] losses(double[] flat) {
        double[][] rows = new double[CLASSES][];
        Arrays.setAll(rows, c -> Arrays.copyOfRange(flat, c * (FEATURES + 1), (c + 1) * (FEATURES + 1)));
        PlainLinearModel moved = new PlainLinearModel(rows);
        return examples.stream()
                .mapToDouble(z -> -Math.log(PlainLinearContractTest.softmax(moved.outputs(z.features()))[z.label()]))
                .toArray();
    }

    private interface Alteration {
        LayerCapture alter(ExampleBatch<Example> batch, Objective objective, LayerCapture capture);
    }

    private interface IdChoice {
        long id(ExampleBatch<Example> batch, int place);
    }

    private GradientProvider<Example> altered(Alteration alteration) {
        return new Altered(model, alteration);
    }

    /** A model that draws labels, but with the wrong ids. */
    private GradientProvider<Example> resampled(IdChoice choice) {
        return new Altered(model, (b, objective, capture) -> capture) {
            @Override
            public void capture(ExampleBatch<Example> b, Objective o, List<LayerSpec> layers, CaptureSink sink) {
                long[] ids = new long[b.size()];
                Arrays.setAll(ids, e -> choice.id(b, e));
                super.capture(new ExampleBatch<>(b.examples(), ids), o, layers, sink);
            }
        };
    }

    private GradientProvider<Example> repeated(int times) {
        return new Altered(model, (b, objective, capture) -> capture) {
            @Override
            public void capture(ExampleBatch<Example> b, Objective o, List<LayerSpec> layers, CaptureSink sink) {
                for (int k = 0; k < times; k++) {
                    super.capture(b, o, layers, sink);
                }
            }
        };
    }

    private static class Altered implements GradientProvider<Example> {
        private final GradientProvider<Example> right;
        private final Alteration alteration;

        Altered(GradientProvider<Example> right, Alteration alteration) {
            this.right = right;
            this.alteration = alteration;
        }

        @Override
        public List<LayerSpec> layers() {
            return right.layers();
        }

        @Override
        public void capture(
                ExampleBatch<Example> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
            right.capture(
                    batch, objective, layers, capture -> sink.accept(alteration.alter(batch, objective, capture)));
        }
    }

    private static double[][] normal(Random random, int rows, int columns) {
        double[][] result = new double[rows][columns];
        for (double[] row : result) {
            Arrays.setAll(row, c -> random.nextGaussian());
        }
        return result;
    }

    private static List<Example> examples(Random random, int count) {
        List<Example> examples = new ArrayList<>();
        for (double[] features : normal(random, count, FEATURES)) {
            examples.add(new Example(features, random.nextInt(CLASSES)));
        }
        return examples;
    }

    private static double[] flat(double[][] rows) {
        return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
    }
}
