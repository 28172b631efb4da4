package io.github.influence4j.examples.language;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.TokenSequence;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The gradient of one query's measurement in the tracked layers. */
final class QueryGradient {

    private QueryGradient() {}

    static LayerGradients of(Decoder model, TokenSequence query) {
        Map<String, Matrix> byLayer = new HashMap<>();
        List<LayerSpec> layers = model.layers();
        model.capture(
                new ExampleBatch<>(List.of(query), new long[1]),
                new Objective.Measurement(),
                layers,
                capture -> byLayer.put(capture.layer().name(), sum(capture)));
        return LayerGradients.of(
                layers, layers.stream().map(layer -> byLayer.get(layer.name())).toList());
    }

    /** Σ_p g_p ā_pᵀ. */
    private static Matrix sum(LayerCapture capture) {
        double[][] inputs = capture.activations().toArray();
        double[][] outputs = capture.outputGradients().toArray();
        double[][] sum = new double[capture.layer().outputs()][capture.layer().gradientColumns()];
        for (int p = 0; p < inputs.length; p++) {
            for (int o = 0; o < sum.length; o++) {
                double g = outputs[p][o];
                for (int i = 0; i < inputs[p].length; i++) {
                    sum[o][i] += g * inputs[p][i];
                }
                if (capture.layer().bias()) {
                    sum[o][inputs[p].length] += g;
                }
            }
        }
        return Matrix.of(sum);
    }
}
