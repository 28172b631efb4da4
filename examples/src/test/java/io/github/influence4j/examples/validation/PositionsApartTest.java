package io.github.influence4j.examples.validation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.Tolerances;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PositionsApartTest {

    private static final int POSITIONS = 3;

    /** Rotations keep lengths, so the sum of a layer's eigenvalues is the mean over examples of Σ_p ‖g_p‖²‖(a_p, 1)‖². */
    @Test
    void eigenvaluesAddUpToTheSquaresOfPositions() {
        ExampleSource<TokenSequence> train = ExampleSource.of(new MarkovSequences(4, 1).draw(10, POSITIONS, 2));
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT64);
                Decoder model = Decoder.create(backend, DecoderShape.of(4, POSITIONS + 1, 1, 8, 2), 1)) {
            Map<String, Double> sums = new HashMap<>();
            for (ExampleBatch<TokenSequence> batch : train.batches(10)) {
                for (int column = 0; column < model.outputHessianColumns(); column++) {
                    model.capture(batch, new Objective.OutputHessianRoot(column), model.layers(), capture -> {
                        double[][] a = capture.activations().toArray();
                        double[][] g = capture.outputGradients().toArray();
                        double bias = capture.layer().gradientColumns()
                                - capture.layer().inputs();
                        for (int r = 0; r < a.length; r++) {
                            double square = (squares(a[r]) + bias) * squares(g[r]) / 10;
                            sums.merge(capture.layer().name(), square, Double::sum);
                        }
                    });
                }
            }
            // batches that cut sequences apart
            Ekfac fit = Ekfac.on(backend).with(FitOptions.defaults().withBatchSize(7));
            try (FittedCurvature<PositionsApart.Position<TokenSequence>> apart =
                    fit.fitExactly(new PositionsApart<>(model), PositionsApart.of(train, POSITIONS))) {
                LayerDamping means = apart.resolve(Damping.relative(1));
                for (LayerSpec layer : model.layers()) {
                    double sum = sums.getOrDefault(layer.name(), 0.0);
                    double found = means.lambda(layer.name()) * layer.parameters();
                    assertEquals(sum, found, Tolerances.EXACT_SOLVE * sum, layer.name());
                }
            }
        }
    }

    private static double squares(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value * value;
        }
        return sum;
    }
}
