package io.github.influence4j.testkit;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Assertions;

/**
 * Checks that a host runs on its own {@link GradientProvider} before it trusts any influence: wrong captures give scores
 * that look as good as right ones.
 */
public final class GradientChecks {

    private static final double STEP = 1e-5;

    private GradientChecks() {}

    /**
     * Computes the gradient of every example from what the model captures, Σ_p g_p ā_pᵀ over its positions, in float64 and
     * plain loops. Fails where a layer does not come exactly once.
     *
     * @param <E> the host's type of an example
     * @param model the model
     * @param batch n examples
     * @param objective what to take the gradient of
     * @return n gradients
     */
    public static <E> List<LayerGradients> gradients(
            GradientProvider<E> model, ExampleBatch<E> batch, Objective objective) {
        Map<String, double[][]> flatByLayer = new HashMap<>();
        model.capture(batch, objective, model.layers(), capture -> {
            String name = capture.layer().name();
            Assertions.assertTrue(model.layers().contains(capture.layer()), () -> "no such layer: " + capture.layer());
            Assertions.assertEquals(batch.size(), capture.examples(), () -> "layer " + name + ": examples");
            Assertions.assertNull(flatByLayer.put(name, sums(capture)), () -> "layer " + name + " came twice");
        });
        List<LayerGradients> gradients = new ArrayList<>();
        for (int e = 0; e < batch.size(); e++) {
            List<Matrix> matrices = new ArrayList<>();
            for (LayerSpec layer : model.layers()) {
                double[][] flat = flatByLayer.get(layer.name());
                Assertions.assertNotNull(flat, () -> "layer " + layer.name() + " did not come");
                matrices.add(Matrix.of(flat[e], layer.outputs(), layer.gradientColumns()));
            }
            gradients.add(LayerGradients.of(model.layers(), matrices));
        }
        return gradients;
    }

    /** The gradient of each example at one layer, row-major. */
    private static double[][] sums(LayerCapture capture) {
        double[][] inputs = capture.activations().toArray();
        double[][] outputs = capture.outputGradients().toArray();
        int columns = capture.layer().gradientColumns();
        double[][] sums = new double[capture.examples()][capture.layer().outputs() * columns];
        for (int row = 0; row < capture.rows(); row++) {
            if (!capture.mask().isReal(row)) {
                continue;
            }
            double[] sum = sums[row / capture.positions()];
            for (int o = 0; o < outputs[row].length; o++) {
                for (int i = 0; i < columns; i++) {
                    double input = i < inputs[row].length ? inputs[row][i] : 1;
                    sum[o * columns + i] += outputs[row][o] * input;
                }
            }
        }
        return sums;
    }

    /**
     * Checks the gradients against central differences with step 1e-5. The model should compute in float64, and the
     * objective be smooth around the weights. Calls {@code losses} twice for every weight.
     *
     * @param <E> the host's type of an example
     * @param model the model
     * @param batch n examples
     * @param objective what to take the gradient of
     * @param weights the model's weights, in the order of {@link LayerGradients#toFlat()}
     * @param losses computes, for other weights, the objective of each of the n examples, summed over its positions
     */
    public static <E> void matchFiniteDifferences(
            GradientProvider<E> model,
            ExampleBatch<E> batch,
            Objective objective,
            double[] weights,
            UnaryOperator<double[]> losses) {
        double[][] expected = new double[batch.size()][weights.length];
        for (int k = 0; k < weights.length; k++) {
            double[] moved = weights.clone();
            moved[k] = weights[k] + STEP;
            double[] above = losses.apply(moved.clone());
            moved[k] = weights[k] - STEP;
            double[] below = losses.apply(moved.clone());
            Assertions.assertEquals(batch.size(), above.length, "losses must be one an example");
            for (int e = 0; e < batch.size(); e++) {
                expected[e][k] = (above[e] - below[e]) / (2 * STEP);
            }
        }
        List<LayerGradients> differences = Arrays.stream(expected)
                .map(flat -> LayerGradients.ofFlat(model.layers(), flat))
                .toList();
        assertEqual(
                differences, gradients(model, batch, objective), Tolerances.FINITE_DIFFERENCE, "finite differences");
    }

    /**
     * Checks that an example has the same gradient alone, among all others, and among them in reverse order.
     *
     * @param <E> the host's type of an example
     * @param model the model
     * @param data at least two examples
     * @param objective what to take the gradient of; with sampled labels, the labels must be the same too
     * @param tolerance largest allowed difference, relative to the layer's largest gradient
     */
    public static <E> void sameInEveryBatch(
            GradientProvider<E> model, ExampleSource<E> data, Objective objective, double tolerance) {
        List<LayerGradients> alone = new ArrayList<>();
        for (ExampleBatch<E> one : data.batches(1)) {
            alone.addAll(gradients(model, one, objective));
        }
        ExampleBatch<E> all = whole(data);
        assertEqual(alone, gradients(model, all, objective), tolerance, "alone or in one batch");

        List<E> examples = new ArrayList<>(all.examples());
        Collections.reverse(examples);
        long[] ids = new long[all.size()];
        Arrays.setAll(ids, e -> all.ids()[ids.length - 1 - e]);
        List<LayerGradients> reversed = new ArrayList<>(gradients(model, new ExampleBatch<>(examples, ids), objective));
        Collections.reverse(reversed);
        assertEqual(alone, reversed, tolerance, "alone or in reverse order");
    }

    /**
     * Checks that sampled labels depend on the seed, the id and nothing else: the same in every batch, others for another
     * seed and for another id.
     *
     * @param <E> the host's type of an example
     * @param model a model that is not certain of its predictions
     * @param data some dozens of examples, so that it cannot be by chance that all draws are the same for two seeds
     * @param tolerance largest allowed difference between batches, relative to the layer's largest gradient
     */
    public static <E> void sampledLabelsFollowSeedAndId(
            GradientProvider<E> model, ExampleSource<E> data, double tolerance) {
        Objective objective = new Objective.SampledLabels(1);
        sameInEveryBatch(model, data, objective, tolerance);
        ExampleBatch<E> batch = whole(data);
        List<LayerGradients> drawn = gradients(model, batch, objective);
        Assertions.assertTrue(
                differ(drawn, gradients(model, batch, new Objective.SampledLabels(2))),
                "sampled labels do not depend on the seed");
        long[] otherIds = Arrays.stream(batch.ids()).map(id -> id + 1_000_003).toArray();
        Assertions.assertTrue(
                differ(drawn, gradients(model, new ExampleBatch<>(batch.examples(), otherIds), objective)),
                "sampled labels do not depend on the id");
    }

    private static <E> ExampleBatch<E> whole(ExampleSource<E> data) {
        return data.batches(Math.toIntExact(data.size())).iterator().next();
    }

    private static boolean differ(List<LayerGradients> left, List<LayerGradients> right) {
        for (int e = 0; e < left.size(); e++) {
            if (!Arrays.equals(left.get(e).toFlat(), right.get(e).toFlat())) {
                return true;
            }
        }
        return false;
    }

    /** Compares layer by layer over all examples, so that a small layer is not judged by a large one. */
    private static void assertEqual(
            List<LayerGradients> expected, List<LayerGradients> actual, double tolerance, String what) {
        for (LayerSpec layer : expected.get(0).layers()) {
            MatrixAssert.assertClose(
                    flatRows(expected, layer),
                    flatRows(actual, layer),
                    tolerance,
                    "gradients at " + layer.name() + " (" + what + "), [example][weight]");
        }
    }

    private static double[][] flatRows(List<LayerGradients> gradients, LayerSpec layer) {
        double[][] rows = new double[gradients.size()][Math.toIntExact(layer.parameters())];
        for (int e = 0; e < rows.length; e++) {
            gradients.get(e).layer(layer.name()).read(0, layer.outputs(), rows[e], 0);
        }
        return rows;
    }
}
