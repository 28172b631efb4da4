package io.github.influence4j.testkit;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import java.util.List;

/** Logistic regression on plain arrays: p = softmax(W x + b). */
final class PlainLinearModel implements GradientProvider<PlainLinearModel.Example> {

    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Example(double[] features, int label) {}

    private final double[][] weights; // one row a class, its bias last
    private final LayerSpec layer;

    PlainLinearModel(double[][] weights) {
        this.weights = weights;
        this.layer = LayerSpec.dense("linear", weights[0].length - 1, weights.length);
    }

    @Override
    public List<LayerSpec> layers() {
        return List.of(layer);
    }

    @Override
    public void capture(ExampleBatch<Example> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
        double[][] activations = new double[batch.size()][];
        double[][] outputGradients = new double[batch.size()][];
        for (int e = 0; e < batch.size(); e++) {
            Example example = batch.examples().get(e);
            double[] gradient = probabilities(example.features());
            // the gradient of -log p[label] in the outputs is p, less 1 at the label
            int label = objective instanceof Objective.SampledLabels labels
                    ? labels.category(batch.ids()[e], 0, gradient)
                    : example.label();
            gradient[label] -= 1;
            activations[e] = example.features();
            outputGradients[e] = gradient;
        }
        sink.accept(LayerCapture.of(layer, Matrix.of(activations), Matrix.of(outputGradients)));
    }

    double[] probabilities(double[] features) {
        double[] p = new double[weights.length];
        double sum = 0;
        for (int c = 0; c < p.length; c++) {
            double output = weights[c][features.length];
            for (int i = 0; i < features.length; i++) {
                output += weights[c][i] * features[i];
            }
            p[c] = Math.exp(output);
            sum += p[c];
        }
        for (int c = 0; c < p.length; c++) {
            p[c] /= sum;
        }
        return p;
    }
}
