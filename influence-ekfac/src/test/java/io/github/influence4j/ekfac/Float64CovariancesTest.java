package io.github.influence4j.ekfac;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import io.github.influence4j.testkit.Tolerances;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Covariances of a float32 fit that are added up in float64, against those of a float64 fit to the same numbers. */
class Float64CovariancesTest {

    private static final LayerSpec WIDE = LayerSpec.dense("wide", 300, 3);
    private static final LayerSpec NARROW = LayerSpec.dense("narrow", 40, 3);
    private static final ExampleSource<Integer> DATA =
            ExampleSource.of(IntStream.range(0, 700).boxed().toList());

    /** Hands on numbers of float32 that follow from the example. */
    private record Host(LayerSpec layer) implements GradientProvider<Integer> {

        @Override
        public List<LayerSpec> layers() {
            return List.of(layer);
        }

        @Override
        public void capture(
                ExampleBatch<Integer> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
            sink.accept(LayerCapture.of(layer, numbers(batch, layer.inputs(), 1), numbers(batch, layer.outputs(), 2)));
        }

        private static Matrix numbers(ExampleBatch<Integer> batch, int columns, int seed) {
            float[] numbers = new float[batch.size() * columns];
            for (int e = 0; e < batch.size(); e++) {
                SplittableRandom random =
                        new SplittableRandom(7L * batch.examples().get(e) + seed);
                for (int c = 0; c < columns; c++) {
                    numbers[e * columns + c] = (float) (random.nextDouble() - 0.4);
                }
            }
            return Matrix.of(numbers, batch.size(), columns);
        }
    }

    /** The largest difference of the eigenvalues of A, of the largest. */
    private static double difference(LayerSpec layer, FitOptions options) {
        double[] expected = values(TestBackends.FAST_FLOAT64, layer, FitOptions.defaults());
        double[] found = values(TestBackends.FAST_FLOAT32, layer, options);
        assertEquals(expected.length, found.length);
        double largest = expected[expected.length - 1];
        return IntStream.range(0, found.length)
                .mapToDouble(k -> Math.abs(found[k] - expected[k]) / largest)
                .max()
                .orElseThrow();
    }

    private static double[] values(MatrixBackend backend, LayerSpec layer, FitOptions options) {
        try (EigenbasisCurvature curvature = EigenbasisApproximator.<Integer>of(
                        backend, options.withStrategy(Strategy.KFAC))
                .fit(new Host(layer), DATA)) {
            return curvature.layerCurvatures().get(0).basis().orElseThrow().activationValues();
        }
    }

    @Test
    void wideCovariancesAreThoseOfFloat64WhereAskedFor() {
        FitOptions precise = FitOptions.defaults().withFloat64Covariances();
        for (int batch : new int[] {700, 256, 33}) {
            double found = difference(WIDE, precise.withBatchSize(batch));
            assertTrue(found <= Tolerances.REORDERED_FLOAT64, "batches of " + batch + ": " + found);
        }
        assertTrue(precise.withBlocks(2).withBatchSize(3).float64Covariances());
        assertEquals("float64", provenance(precise).getOrDefault("covariances", "as the backend"));
    }

    @Test
    void narrowOnesAreInAnyCase() {
        double found = difference(NARROW, FitOptions.defaults().withBatchSize(33));
        assertTrue(found <= Tolerances.REORDERED_FLOAT64, () -> "" + found);
    }

    /** Else the others show nothing. */
    @Test
    void wideOnesAreRoundedWhereNothingIsAskedFor() {
        double found = difference(WIDE, FitOptions.defaults());
        assertTrue(found > Tolerances.REORDERED_FLOAT64, () -> "" + found);
        assertTrue(found <= Tolerances.REORDERED_FLOAT32, () -> "" + found);
    }

    private static Map<String, String> provenance(FitOptions options) {
        try (EigenbasisCurvature curvature = EigenbasisApproximator.<Integer>of(TestBackends.FAST_FLOAT32, options)
                .fit(new Host(NARROW), DATA)) {
            return curvature.provenance().options();
        }
    }
}
