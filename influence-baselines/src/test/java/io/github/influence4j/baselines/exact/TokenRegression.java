package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import io.github.influence4j.api.PositionMask;
import java.util.List;

/**
 * One linear layer without bias at every token, with squared error at every token: the root of the output Hessian has a
 * column for each output at each position, and shorter sequences leave some of them zero.
 */
final class TokenRegression implements OutputHessianRoots<double[][]> {

    private final LayerSpec layer;
    private final int longest;

    TokenRegression(int features, int outputs, int longest) {
        this.layer = LayerSpec.tokens("token", features, outputs).withoutBias();
        this.longest = longest;
    }

    @Override
    public List<LayerSpec> layers() {
        return List.of(layer);
    }

    @Override
    public int outputHessianColumns() {
        return longest * layer.outputs();
    }

    @Override
    public void capture(ExampleBatch<double[][]> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
        if (!(objective instanceof Objective.OutputHessianRoot root)) {
            throw new UnsupportedOperationException("only the root of the output Hessian");
        }
        int n = batch.size();
        double[][] inputs = new double[n * longest][layer.inputs()];
        double[][] gradients = new double[n * longest][layer.outputs()];
        boolean[] real = new boolean[n * longest];
        for (int e = 0; e < n; e++) {
            double[][] sequence = batch.examples().get(e);
            for (int p = 0; p < sequence.length; p++) {
                inputs[e * longest + p] = sequence[p];
                real[e * longest + p] = true;
            }
            gradients[e * longest + root.column() / layer.outputs()][root.column() % layer.outputs()] = 1;
        }
        sink.accept(LayerCapture.of(layer, n, longest, Matrix.of(inputs), Matrix.of(gradients))
                .withMask(PositionMask.of(real)));
    }
}
