package io.github.influence4j.baselines.unrolled;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import java.util.List;
import java.util.Optional;

/**
 * A host whose gradients are multiplied element by element: G_z ∘ P. Such a gradient is no sum of a few outer products, so that it is
 * captured as one of min(o, i) positions, where one side is the identity: its rows as inputs, or its columns as output gradients.
 *
 * <p>Layers have no bias then; its column is an input as the others. A capture takes n·min(o, i)·(o + i) numbers.
 *
 * @param host gives the gradients
 * @param factors P, or empty for gradients as they are
 */
record WholeGradients<E>(GradientProvider<E> host, Optional<LayerGradients> factors) implements GradientProvider<E> {

    static LayerSpec folded(LayerSpec layer) {
        return new LayerSpec(layer.name(), layer.gradientColumns(), layer.outputs(), false, LayerSpec.Positions.TOKENS);
    }

    static List<LayerSpec> folded(List<LayerSpec> layers) {
        return layers.stream().map(WholeGradients::folded).toList();
    }

    @Override
    public List<LayerSpec> layers() {
        return folded(host.layers());
    }

    @Override
    public int positions(E example) {
        return layers().stream()
                .mapToInt(layer -> Math.min(layer.outputs(), layer.inputs()))
                .max()
                .orElse(1);
    }

    @Override
    public Optional<String> fingerprint() {
        return host.fingerprint();
    }

    @Override
    public Optional<String> sampledLabels() {
        return host.sampledLabels();
    }

    @Override
    public void capture(ExampleBatch<E> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
        List<LayerSpec> own = host.layers().stream()
                .filter(layer -> layers.contains(folded(layer)))
                .toList();
        host.capture(batch, objective, own, capture -> sink.accept(whole(capture)));
    }

    private LayerCapture whole(LayerCapture capture) {
        LayerSpec layer = folded(capture.layer());
        int outputs = layer.outputs();
        int inputs = layer.inputs();
        boolean byRows = outputs <= inputs;
        int positions = Math.min(outputs, inputs);
        int width = Math.max(outputs, inputs);
        double[][] factor =
                factors.map(all -> all.layer(layer.name()).toArray()).orElse(new double[0][]);
        double[] gradients = new double[Math.multiplyExact(capture.examples() * positions, width)];
        double[] identity = new double[Math.multiplyExact(capture.examples() * positions, positions)];
        for (int e = 0; e < capture.examples(); e++) {
            double[][] sum = sum(capture, e);
            for (int r = 0; r < outputs; r++) {
                for (int c = 0; c < inputs; c++) {
                    double value = factor.length == 0 ? sum[r][c] : sum[r][c] * factor[r][c];
                    int row = e * positions + (byRows ? r : c);
                    gradients[row * width + (byRows ? c : r)] = value;
                }
            }
            for (int p = 0; p < positions; p++) {
                identity[(e * positions + p) * positions + p] = 1;
            }
        }
        int rows = capture.examples() * positions;
        Matrix whole = Matrix.of(gradients, rows, width);
        Matrix units = Matrix.of(identity, rows, positions);
        return LayerCapture.of(layer, capture.examples(), positions, byRows ? whole : units, byRows ? units : whole);
    }

    /** Σ_p g_p ā_pᵀ of an example. */
    private static double[][] sum(LayerCapture capture, int example) {
        LayerSpec layer = capture.layer();
        int positions = capture.positions();
        int first = example * positions;
        double[] a = new double[positions * layer.inputs()];
        double[] g = new double[positions * layer.outputs()];
        capture.activations().read(first, positions, a, 0);
        capture.outputGradients().read(first, positions, g, 0);
        double[][] sum = new double[layer.outputs()][layer.gradientColumns()];
        for (int p = 0; p < positions; p++) {
            if (!capture.mask().isReal(first + p)) {
                continue;
            }
            for (int o = 0; o < sum.length; o++) {
                double gradient = g[p * layer.outputs() + o];
                for (int i = 0; i < layer.inputs(); i++) {
                    sum[o][i] += gradient * a[p * layer.inputs() + i];
                }
                if (layer.gradientColumns() > layer.inputs()) {
                    sum[o][layer.inputs()] += gradient;
                }
            }
        }
        return sum;
    }
}
