package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import java.util.List;

/** One linear layer and a softmax, in plain arrays. */
final class SoftmaxLinear implements OutputHessianRoots<double[]> {

    private final LayerSpec layer;
    private final double[][] weights;

    /** Weights of [classes, features + 1]. */
    SoftmaxLinear(double[][] weights) {
        this.weights = weights;
        this.layer = LayerSpec.dense("linear", weights[0].length - 1, weights.length);
    }

    @Override
    public List<LayerSpec> layers() {
        return List.of(layer);
    }

    @Override
    public int outputHessianColumns() {
        return layer.outputs();
    }

    @Override
    public void capture(ExampleBatch<double[]> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
        if (!(objective instanceof Objective.OutputHessianRoot root)) {
            throw new UnsupportedOperationException("only the root of the output Hessian");
        }
        double[][] gradients = new double[batch.size()][];
        for (int e = 0; e < gradients.length; e++) {
            gradients[e] = column(probabilities(batch.examples().get(e)), root.column());
        }
        Matrix activations = Matrix.of(batch.examples().toArray(new double[0][]));
        sink.accept(LayerCapture.of(layer, activations, Matrix.of(gradients)));
    }

    /** √p_k (e_k − p). */
    private static double[] column(double[] p, int k) {
        double[] column = new double[p.length];
        for (int c = 0; c < p.length; c++) {
            column[c] = Math.sqrt(p[k]) * ((c == k ? 1 : 0) - p[c]);
        }
        return column;
    }

    private double[] probabilities(double[] features) {
        double[] p = new double[weights.length];
        double sum = 0;
        for (int c = 0; c < p.length; c++) {
            double logit = weights[c][features.length];
            for (int f = 0; f < features.length; f++) {
                logit += weights[c][f] * features[f];
            }
            p[c] = Math.exp(logit);
            sum += p[c];
        }
        for (int c = 0; c < p.length; c++) {
            p[c] /= sum;
        }
        return p;
    }
}
