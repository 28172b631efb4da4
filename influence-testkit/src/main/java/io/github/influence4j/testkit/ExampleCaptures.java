package io.github.influence4j.testkit;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assertions;

/**
 * What one layer captured for one example: real positions only, in float64.
 *
 * @param inputs [real positions, inputs]
 * @param outputGradients [real positions, o]
 * @param maskedGradient largest magnitude of an output gradient at a masked position
 */
@SuppressWarnings("ArrayRecordComponent") // looked at, never compared
record ExampleCaptures(double[][] inputs, double[][] outputGradients, double maskedGradient) {

    /** Captures a batch: for each layer that is wanted, in that order, one entry an example. Fails where a layer does not come exactly once. */
    static <E> List<List<ExampleCaptures>> of(
            GradientProvider<E> provider, ExampleBatch<E> batch, Objective objective, List<LayerSpec> wanted) {
        List<LayerSpec> asked = List.copyOf(wanted);
        JudgingSink sink = new JudgingSink(batch, asked);
        long[] ids = batch.ids().clone();
        try {
            provider.capture(batch, objective, asked, sink);
        } catch (RuntimeException | Error e) {
            sink.endAfter(e);
            throw e;
        }
        List<List<ExampleCaptures>> captures = sink.end();
        Assertions.assertArrayEquals(
                ids, batch.ids(), () -> "layer " + names(asked) + ": capturing changed the ids of the batch");
        return captures;
    }

    static List<ExampleCaptures> split(LayerCapture capture) {
        double[][] inputs = capture.activations().toArray();
        double[][] gradients = capture.outputGradients().toArray();
        List<ExampleCaptures> examples = new ArrayList<>();
        for (int e = 0; e < capture.examples(); e++) {
            List<double[]> in = new ArrayList<>();
            List<double[]> out = new ArrayList<>();
            double masked = 0;
            for (int row = e * capture.positions(); row < (e + 1) * capture.positions(); row++) {
                if (capture.mask().isReal(row)) {
                    in.add(inputs[row]);
                    out.add(gradients[row]);
                } else {
                    for (double g : gradients[row]) {
                        masked = Math.max(masked, Math.abs(g));
                    }
                }
            }
            examples.add(new ExampleCaptures(in.toArray(double[][]::new), out.toArray(double[][]::new), masked));
        }
        return examples;
    }

    static String names(List<LayerSpec> layers) {
        return layers.stream().map(LayerSpec::name).toList().toString();
    }

    int positions() {
        return inputs.length;
    }

    /** Computes Σ_p g_p ā_pᵀ, [o, i]. */
    double[][] gradient(LayerSpec layer) {
        double[][] sum = new double[layer.outputs()][layer.gradientColumns()];
        for (int p = 0; p < inputs.length; p++) {
            for (int o = 0; o < sum.length; o++) {
                for (int i = 0; i < sum[o].length; i++) {
                    sum[o][i] += outputGradients[p][o] * (i < layer.inputs() ? inputs[p][i] : 1);
                }
            }
        }
        return sum;
    }
}
