package io.github.influence4j.baselines.pbrf;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The gradient of a batch's training loss, Σ_p g_p ā_pᵀ for each layer, on the host; meant for one example. */
final class TrainingGradient {

    private TrainingGradient() {}

    static <E> LayerGradients of(GradientProvider<E> model, ExampleBatch<E> batch) {
        Map<LayerSpec, double[][]> gradients = new HashMap<>();
        model.capture(
                batch,
                new Objective.TrainingLoss(),
                model.layers(),
                capture -> gradients.put(capture.layer(), sum(capture)));
        List<Matrix> matrices = new ArrayList<>();
        for (LayerSpec layer : model.layers()) {
            double[][] gradient = gradients.get(layer);
            if (gradient == null) {
                throw new IllegalArgumentException("the model gave no capture of layer " + layer.name());
            }
            matrices.add(Matrix.of(gradient));
        }
        return LayerGradients.of(model.layers(), matrices);
    }

    private static double[][] sum(LayerCapture capture) {
        LayerSpec layer = capture.layer();
        double[][] activations = capture.activations().toArray();
        double[][] outputGradients = capture.outputGradients().toArray();
        double[][] gradient = new double[layer.outputs()][layer.gradientColumns()];
        for (int p = 0; p < activations.length; p++) {
            if (!capture.mask().isReal(p)) {
                continue;
            }
            for (int o = 0; o < layer.outputs(); o++) {
                for (int i = 0; i < layer.inputs(); i++) {
                    gradient[o][i] += outputGradients[p][o] * activations[p][i];
                }
                if (layer.bias()) {
                    gradient[o][layer.inputs()] += outputGradients[p][o];
                }
            }
        }
        return gradient;
    }
}
