package io.github.influence4j.testkit;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import java.util.List;

/** Logistic regression on plain arrays: p = softmax(W x + b). */
@SuppressWarnings("ArrayRecordComponent") // never compared
final class PlainLinearModel implements OutputHessianRoots<PlainLinearModel.Example> {

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
        double[][] outputGradients = new double[batch.size()][weights.length];
        for (int e = 0; e < batch.size(); e++) {
            Example example = batch.examples().get(e);
            double[] label = {example.label()};
            activations[e] = example.features();
            Loss.SOFTMAX_CROSS_ENTROPY.outputGradient(
                    objective, outputs(example.features()), label, batch.ids()[e], 0, outputGradients[e]);
        }
        sink.accept(LayerCapture.of(layer, Matrix.of(activations), Matrix.of(outputGradients)));
    }

    @Override
    public int outputHessianColumns() {
        return weights.length;
    }

    double[] outputs(double[] features) {
        double[] outputs = new double[weights.length];
        for (int c = 0; c < outputs.length; c++) {
            outputs[c] = weights[c][features.length];
            for (int i = 0; i < features.length; i++) {
                outputs[c] += weights[c][i] * features[i];
            }
        }
        return outputs;
    }
}
