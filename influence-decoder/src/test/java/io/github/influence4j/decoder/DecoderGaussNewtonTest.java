package io.github.influence4j.decoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.GradientChecks;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** G v three ways: by products, from captures of the output Hessian's root, and by differences of the probabilities. */
class DecoderGaussNewtonTest {

    private static final double STEP = 1e-5;

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);

    @ParameterizedTest
    @MethodSource("io.github.influence4j.decoder.Sequences#shapes")
    void productIsTheSumOverTheRoot(DecoderShape shape) {
        ExampleBatch<TokenSequence> batch = Sequences.batch(shape, 3, 1);
        try (Decoder model = Sequences.random(backend, shape, 2)) {
            LayerGradients v = Sequences.normal(model, 3);
            double[] expected = new double[v.toFlat().length];
            for (int k = 0; k < model.outputHessianColumns(); k++) {
                for (LayerGradients g : GradientChecks.gradients(model, batch, new Objective.OutputHessianRoot(k))) {
                    double along = g.dot(v);
                    double[] flat = g.toFlat();
                    Arrays.setAll(expected, i -> expected[i] + along * flat[i]);
                }
            }
            MatrixAssert.assertClose(expected, model.product(batch, v).toFlat(), Tolerances.REORDERED_FLOAT64, "G v");
        }
    }

    /** vᵀGv = Σ_counted positions Σ_c (dp_c)²/p_c where dp is how the probabilities move along v. */
    @ParameterizedTest
    @MethodSource("io.github.influence4j.decoder.Sequences#shapes")
    void quadraticFormIsTheFisherInformation(DecoderShape shape) {
        ExampleBatch<TokenSequence> batch = Sequences.batch(shape, 3, 4);
        try (Decoder model = Sequences.random(backend, shape, 5)) {
            LayerGradients v = Sequences.normal(model, 6);
            double expected = 0;
            try (Decoder above = moved(model, v, STEP);
                    Decoder below = moved(model, v, -STEP);
                    Decoder farAbove = moved(model, v, 2 * STEP);
                    Decoder farBelow = moved(model, v, -2 * STEP)) {
                for (TokenSequence sequence : batch.examples()) {
                    for (int p = sequence.prompt(); p < sequence.tokens().length; p++) {
                        int[] prefix = Arrays.copyOf(sequence.tokens(), p);
                        double[] here = model.nextToken(prefix);
                        double[] up = above.nextToken(prefix);
                        double[] down = below.nextToken(prefix);
                        double[] farUp = farAbove.nextToken(prefix);
                        double[] farDown = farBelow.nextToken(prefix);
                        for (int c = 0; c < here.length; c++) {
                            // of fourth order: some of the norms bend strongly
                            double slope = (8 * (up[c] - down[c]) - (farUp[c] - farDown[c])) / (12 * STEP);
                            expected += slope * slope / here[c];
                        }
                    }
                }
            }
            double actual = model.product(batch, v).dot(v);
            assertEquals(expected, actual, Tolerances.FINITE_DIFFERENCE * expected);
        }
    }

    @Test
    void symmetricAndNotNegative() {
        DecoderShape shape = DecoderShape.of(9, 8, 3, 6, 3);
        ExampleBatch<TokenSequence> batch = Sequences.batch(shape, 5, 7);
        try (Decoder model = Sequences.random(backend, shape, 8)) {
            LayerGradients u = Sequences.normal(model, 9);
            LayerGradients v = Sequences.normal(model, 10);
            LayerGradients gu = model.product(batch, u);
            LayerGradients gv = model.product(batch, v);
            assertTrue(gu.dot(u) >= 0 && gv.dot(v) >= 0);
            double scale = Math.sqrt(gu.dot(u) * gv.dot(v));
            assertEquals(u.dot(gv), v.dot(gu), Tolerances.REORDERED_FLOAT64 * scale);
        }
    }

    private static Decoder moved(Decoder model, LayerGradients along, double step) {
        double[] flat = model.weights().toFlat();
        double[] direction = along.toFlat();
        Arrays.setAll(flat, k -> flat[k] + step * direction[k]);
        return model.withWeights(LayerGradients.ofFlat(model.layers(), flat));
    }

    @Test
    void layersThatAreNotTrackedStayOut() {
        DecoderShape shape = Sequences.shapes().findFirst().orElseThrow();
        ExampleBatch<TokenSequence> batch = Sequences.batch(shape, 3, 11);
        try (Decoder all = Sequences.random(backend, shape, 12);
                Decoder mlps =
                        all.tracking(List.of(Tracked.MLP).stream().collect(java.util.stream.Collectors.toSet()))) {
            LayerGradients small = Sequences.normal(mlps, 13);
            double[] flat = all.weights().toFlat();
            int start = 0;
            for (var layer : all.layers()) {
                int size = (int) layer.parameters();
                boolean tracked = mlps.layers().contains(layer);
                double[] part = tracked ? flatten(small.layer(layer.name()).toArray()) : new double[size];
                System.arraycopy(part, 0, flat, start, size);
                start += size;
            }
            LayerGradients product = all.product(batch, LayerGradients.ofFlat(all.layers(), flat));
            LayerGradients expected = mlps.product(batch, small);
            for (var layer : mlps.layers()) {
                MatrixAssert.assertClose(
                        expected.layer(layer.name()),
                        product.layer(layer.name()),
                        Tolerances.REORDERED_FLOAT64,
                        layer.name());
            }
        }
    }

    private static double[] flatten(double[][] rows) {
        return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
    }
}
