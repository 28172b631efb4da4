package io.github.influence4j.ekfac;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Where a basis is one of many, the result says so. */
class RepeatedEigenvaluesTest {

    private static final int CLASSES = 6;

    /** Inputs are one-hot, as many of each kind, or random; output gradients are random. */
    private record Host(boolean oneHot, LayerSpec layer) implements GradientProvider<Integer> {

        @Override
        public List<LayerSpec> layers() {
            return List.of(layer);
        }

        @Override
        public void capture(
                ExampleBatch<Integer> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
            double[][] inputs = new double[batch.size()][CLASSES];
            double[][] gradients = new double[batch.size()][3];
            for (int e = 0; e < batch.size(); e++) {
                SplittableRandom random = new SplittableRandom(batch.ids()[e]);
                gradients[e] = random.doubles(3, -1, 1).toArray();
                if (oneHot) {
                    inputs[e][batch.examples().get(e) % CLASSES] = 1;
                } else {
                    inputs[e] = random.doubles(CLASSES, -1, 1).toArray();
                }
            }
            sink.accept(LayerCapture.of(layer, Matrix.of(inputs), Matrix.of(gradients)));
        }
    }

    /** Defect: one score was 8.57, 9.20 or 9.68 by the backend, and nothing said that the basis is not unique. */
    @Test
    void areSaid() {
        ExampleSource<Integer> data =
                ExampleSource.of(IntStream.range(0, 10 * CLASSES).boxed().toList());
        for (MatrixBackend backend : TestBackends.all()) {
            for (Strategy strategy : Strategy.values()) {
                FitOptions options = FitOptions.defaults().withStrategy(strategy);
                for (LayerSpec layer : List.of(
                        LayerSpec.dense("hot", CLASSES, 3),
                        LayerSpec.dense("hot", CLASSES, 3).withoutBias())) {
                    try (EigenbasisCurvature fitted =
                            EigenbasisApproximator.<Integer>of(backend, options).fit(new Host(true, layer), data)) {
                        // with a bias, the direction of all classes together has another eigenvalue
                        String expected = "[hot: " + (layer.bias() ? CLASSES - 1 : CLASSES) + " of its inputs]";
                        assertEquals(
                                strategy == Strategy.EKFAC ? expected : null,
                                strategy == Strategy.GRADIENT_BASIS
                                        ? null
                                        : fitted.provenance().options().get("repeated eigenvalues"),
                                strategy + " on " + backend.description());
                    }
                    try (EigenbasisCurvature fitted =
                            EigenbasisApproximator.<Integer>of(backend, options).fit(new Host(false, layer), data)) {
                        assertFalse(fitted.provenance().options().containsKey("repeated eigenvalues"));
                    }
                }
            }
        }
    }
}
