package io.github.influence4j.baselines.unrolled;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Captures of a batch on the host, from which weighted sums of gradients and their products with vectors are made. */
final class BatchGradient {

    /** A layer's captures as plain numbers; its gradient begins at {@code start} of a flat vector. */
    private record Layer(
            LayerSpec spec, int start, int positions, double[][] activations, double[][] outputGradients) {}

    private final int parameters;
    private final List<Layer> layers;

    private BatchGradient(int parameters, List<Layer> layers) {
        this.parameters = parameters;
        this.layers = layers;
    }

    /** Runs the model once. */
    static <E> BatchGradient of(GradientProvider<E> model, ExampleBatch<E> batch, Objective objective) {
        Map<LayerSpec, Integer> starts = new HashMap<>();
        int parameters = 0;
        for (LayerSpec layer : model.layers()) {
            starts.put(layer, parameters);
            parameters = Math.addExact(parameters, Math.toIntExact(layer.parameters()));
        }
        List<Layer> layers = new ArrayList<>();
        model.capture(batch, objective, model.layers(), capture -> {
            Integer start = starts.remove(capture.layer());
            if (start == null) {
                throw new IllegalArgumentException(
                        "layer " + capture.layer().name() + " came twice, or was not asked for");
            }
            layers.add(layer(capture, start, batch.ids()));
        });
        starts.keySet().stream().findFirst().ifPresent(missing -> {
            throw new IllegalArgumentException("the model gave no capture of layer " + missing.name());
        });
        return new BatchGradient(parameters, layers);
    }

    private static Layer layer(LayerCapture capture, int start, long[] ids) {
        double[][] activations = capture.activations().toArray();
        double[][] outputGradients = capture.outputGradients().toArray();
        for (int row = 0; row < activations.length; row++) {
            if (!capture.mask().isReal(row)) {
                Arrays.fill(outputGradients[row], 0);
                Arrays.fill(activations[row], 0);
            } else if (!finite(activations[row]) || !finite(outputGradients[row])) {
                throw new NumericalException("layer " + capture.layer().name() + ": a capture of example "
                        + ids[row / capture.positions()] + " is not finite");
            }
        }
        return new Layer(capture.layer(), start, capture.positions(), activations, outputGradients);
    }

    private static boolean finite(double[] row) {
        return Arrays.stream(row).allMatch(Double::isFinite);
    }

    /** Σₑ wₑ gₑ over the batch's examples e. */
    double[] sum(double[] exampleWeights) {
        double[] sum = new double[parameters];
        for (Layer layer : layers) {
            int columns = layer.spec().gradientColumns();
            int inputs = layer.spec().inputs();
            for (int row = 0; row < layer.activations().length; row++) {
                double weight = exampleWeights[row / layer.positions()];
                double[] a = layer.activations()[row];
                double[] g = layer.outputGradients()[row];
                for (int o = 0; o < g.length; o++) {
                    double scaled = weight * g[o];
                    int at = layer.start() + o * columns;
                    for (int i = 0; i < inputs; i++) {
                        sum[at + i] += scaled * a[i];
                    }
                    if (layer.spec().bias()) {
                        sum[at + inputs] += scaled;
                    }
                }
            }
        }
        return sum;
    }

    /** Adds ⟨gₑ, v⟩ · factor to each example's number. */
    void addDots(double[] v, double factor, double[] perExample) {
        for (Layer layer : layers) {
            int columns = layer.spec().gradientColumns();
            int inputs = layer.spec().inputs();
            for (int row = 0; row < layer.activations().length; row++) {
                double[] a = layer.activations()[row];
                double[] g = layer.outputGradients()[row];
                double dot = 0;
                for (int o = 0; o < g.length; o++) {
                    int at = layer.start() + o * columns;
                    double product = layer.spec().bias() ? v[at + inputs] : 0;
                    for (int i = 0; i < inputs; i++) {
                        product += v[at + i] * a[i];
                    }
                    dot += g[o] * product;
                }
                perExample[row / layer.positions()] += factor * dot;
            }
        }
    }
}
