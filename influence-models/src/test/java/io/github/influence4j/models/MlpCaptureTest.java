package io.github.influence4j.models;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.GradientChecks;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Captures against central differences in float64, for every activation and loss. */
class MlpCaptureTest {

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);

    @ParameterizedTest
    @MethodSource("io.github.influence4j.models.Networks#shapes")
    void trainingLossAndMeasurement(MlpShape shape) {
        for (int size : new int[] {1, 5}) {
            ExampleBatch<LabelledExample> batch = Networks.batch(shape, size, 3);
            try (Mlp model = Networks.random(backend, shape, 5)) {
                check(model, batch, new Objective.TrainingLoss(), moved -> moved.losses(batch));
                check(model, batch, new Objective.Measurement(), moved -> moved.losses(batch));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.github.influence4j.models.Networks#shapes")
    void sampledLabels(MlpShape shape) {
        ExampleBatch<LabelledExample> batch = Networks.batch(shape, 5, 3);
        Objective.SampledLabels labels = new Objective.SampledLabels(11);
        try (Mlp model = Networks.random(backend, shape, 5)) {
            ExampleBatch<LabelledExample> relabelled = relabelled(model, batch, labels);
            check(model, batch, labels, moved -> moved.losses(relabelled));
        }
    }

    @ParameterizedTest
    @MethodSource("io.github.influence4j.models.Networks#shapes")
    void outputHessianRoots(MlpShape shape) {
        ExampleBatch<LabelledExample> batch = Networks.batch(shape, 5, 3);
        try (Mlp model = Networks.random(backend, shape, 5)) {
            double[][] predicted = model.predictions(batch);
            assertEquals(shape.outputs(), model.outputHessianColumns());
            for (int k = 0; k < model.outputHessianColumns(); k++) {
                int column = k;
                check(model, batch, new Objective.OutputHessianRoot(k), moved -> {
                    double[][] outputs = moved.outputs(batch);
                    double[] sums = new double[outputs.length];
                    for (int e = 0; e < sums.length; e++) {
                        for (int c = 0; c < shape.outputs(); c++) {
                            sums[e] += outputs[e][c] * root(shape.loss(), predicted[e], c, column);
                        }
                    }
                    return sums;
                });
            }
        }
    }

    @Property(tries = 30)
    void sampledLabelsAreTheSameInEveryBatch(
            @ForAll Loss loss, @ForAll @IntRange(min = 60, max = 100) int examples, @ForAll long seed) {
        MlpShape shape = MlpShape.of(Activation.TANH, loss, 3, 4, 3);
        try (Mlp model = Networks.random(backend, shape, seed)) {
            GradientChecks.sampledLabelsFollowSeedAndId(
                    model, ExampleSource.of(Networks.examples(shape, examples, seed)), Tolerances.REORDERED_FLOAT64);
        }
    }

    @Test
    void onlyTheLayersThatAreAskedForCome() {
        MlpShape shape = MlpShape.of(Activation.GELU, Loss.SQUARED_ERROR, 3, 4, 2, 2);
        ExampleBatch<LabelledExample> batch = Networks.batch(shape, 4, 1);
        try (Mlp model = Networks.random(backend, shape, 2)) {
            List<LayerSpec> layers = model.layers();
            LayerGradients all = summed(model, batch, layers);
            for (LayerSpec layer : layers) {
                LayerGradients one = summed(model, batch, List.of(layer));
                assertEquals(List.of(layer), one.layers());
                MatrixAssert.assertClose(all.layer(layer.name()), one.layer(layer.name()), 0, layer.name());
            }
            model.capture(batch, new Objective.TrainingLoss(), List.of(), capture -> {
                throw new AssertionError("nothing was asked for");
            });
        }
    }

    @Test
    void memoryIsUsedAgainByBatchesOfOtherSizes() {
        MlpShape shape = MlpShape.of(Activation.RELU, Loss.SOFTMAX_CROSS_ENTROPY, 4, 6, 3);
        ExampleSource<LabelledExample> data = ExampleSource.of(Networks.examples(shape, 20, 9));
        try (Mlp model = Networks.random(backend, shape, 2)) {
            List<LayerGradients> expected = new ArrayList<>();
            for (ExampleBatch<LabelledExample> one : data.batches(1)) {
                try (Mlp fresh = model.withWeights(model.weights())) {
                    expected.addAll(GradientChecks.gradients(fresh, one, new Objective.TrainingLoss()));
                }
            }
            for (int size : new int[] {7, 3, 20, 1, 20, 6}) {
                List<LayerGradients> actual = new ArrayList<>();
                for (ExampleBatch<LabelledExample> batch : data.batches(size)) {
                    actual.addAll(GradientChecks.gradients(model, batch, new Objective.TrainingLoss()));
                }
                MatrixAssert.assertClose(
                        rows(expected), rows(actual), Tolerances.REORDERED_FLOAT64, "in batches of " + size);
            }
        }
    }

    private static double[][] rows(List<LayerGradients> gradients) {
        return gradients.stream().map(LayerGradients::toFlat).toArray(double[][]::new);
    }

    private static LayerGradients summed(Mlp model, ExampleBatch<LabelledExample> batch, List<LayerSpec> wanted) {
        List<LayerSpec> came = new ArrayList<>();
        List<Matrix> matrices = new ArrayList<>();
        model.capture(batch, new Objective.TrainingLoss(), wanted, capture -> {
            double[][] inputs = capture.activations().toArray();
            double[][] outputs = capture.outputGradients().toArray();
            double[][] sum =
                    new double[capture.layer().outputs()][capture.layer().gradientColumns()];
            for (int r = 0; r < inputs.length; r++) {
                for (int o = 0; o < sum.length; o++) {
                    for (int i = 0; i < sum[o].length; i++) {
                        sum[o][i] += outputs[r][o] * (i < inputs[r].length ? inputs[r][i] : 1);
                    }
                }
            }
            came.add(capture.layer());
            matrices.add(Matrix.of(sum));
        });
        return LayerGradients.of(came, matrices);
    }

    /** The same examples with the labels that the objective draws, from an own reading of its contract. */
    private static ExampleBatch<LabelledExample> relabelled(
            Mlp model, ExampleBatch<LabelledExample> batch, Objective.SampledLabels labels) {
        double[][] predicted = model.predictions(batch);
        List<LabelledExample> examples = new ArrayList<>();
        for (int e = 0; e < batch.size(); e++) {
            long id = batch.ids()[e];
            double[] features = batch.examples().get(e).features();
            if (model.shape().loss() == Loss.SOFTMAX_CROSS_ENTROPY) {
                examples.add(LabelledExample.classified(features, labels.category(id, 0, predicted[e])));
            } else {
                double[] target = predicted[e].clone();
                for (int c = 0; c < target.length; c++) {
                    target[c] -= labels.gaussian(id, 0, c);
                }
                examples.add(LabelledExample.regression(features, target));
            }
        }
        return new ExampleBatch<>(examples, batch.ids());
    }

    private static double root(Loss loss, double[] predicted, int row, int column) {
        double unit = row == column ? 1 : 0;
        return loss == Loss.SQUARED_ERROR ? unit : Math.sqrt(predicted[column]) * (unit - predicted[row]);
    }

    private static void check(
            Mlp model, ExampleBatch<LabelledExample> batch, Objective objective, Function<Mlp, double[]> objectives) {
        GradientChecks.matchFiniteDifferences(
                model, batch, objective, model.weights().toFlat(), flat -> {
                    try (Mlp moved = model.withWeights(LayerGradients.ofFlat(model.layers(), flat))) {
                        return objectives.apply(moved);
                    }
                });
    }
}
