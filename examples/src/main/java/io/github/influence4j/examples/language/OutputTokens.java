package io.github.influence4j.examples.language;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.models.transformer.TokenSequence;
import io.github.influence4j.models.transformer.Transformer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Splits the influence of a training sequence among the tokens that it teaches to predict.
 *
 * <p>With p = (G+λI)⁻¹∇m for a query's measurement m, the part of output token t is [L_t(θ+αp) − L_t(θ)] / α, where L_t is
 * −log of the token's probability: two forward passes give all parts, and for α → 0 they add up to the score. Source: Grosse
 * et al. 2023, Appendix B.1, Eq. 34-36, with the sign for objectives that are lowered.
 */
final class OutputTokens {

    /** ‖αp‖: small enough for the parts to add up, large enough for float64. */
    private static final double STEP = 1e-5;

    private OutputTokens() {}

    /** Parts of the tokens after the first, one row for each sequence. */
    static double[][] parts(
            Transformer model, IhvpSolver solver, TokenSequence query, ExampleBatch<TokenSequence> sequences) {
        LayerGradients direction = solver.solve(gradient(model, query));
        double alpha = STEP / Math.sqrt(direction.dot(direction));
        double[] moved = model.weights().toFlat();
        double[] flat = direction.toFlat();
        for (int k = 0; k < moved.length; k++) {
            moved[k] += alpha * flat[k];
        }
        double[][] before = model.tokenLosses(sequences);
        try (Transformer shifted = model.withWeights(LayerGradients.ofFlat(model.layers(), moved))) {
            double[][] after = shifted.tokenLosses(sequences);
            double[][] parts = new double[before.length][];
            Arrays.setAll(parts, z -> {
                double[] row = new double[before[z].length];
                Arrays.setAll(row, t -> (after[z][t] - before[z][t]) / alpha);
                return row;
            });
            return parts;
        }
    }

    private static LayerGradients gradient(Transformer model, TokenSequence query) {
        Map<String, Matrix> byLayer = new HashMap<>();
        List<LayerSpec> layers = model.layers();
        model.capture(
                new ExampleBatch<>(List.of(query), new long[1]),
                new Objective.Measurement(),
                layers,
                capture -> byLayer.put(capture.layer().name(), gradient(capture)));
        return LayerGradients.of(
                layers, layers.stream().map(layer -> byLayer.get(layer.name())).toList());
    }

    /** Σ_p g_p ā_pᵀ. */
    private static Matrix gradient(LayerCapture capture) {
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
