package io.github.influence4j.ekfac;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.PositionMask;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The gradient basis against matrices in plain loops, and against EK-FAC where positions of a sequence hang together. */
class GradientBasisTest {

    private static final FitOptions OPTIONS =
            FitOptions.defaults().withStrategy(Strategy.GRADIENT_BASIS).withBatchSize(7);

    private static <E> EigenbasisCurvature fit(
            MatrixBackend backend, GradientProvider<E> model, ExampleSource<E> data, FitOptions options) {
        return EigenbasisApproximator.<E>of(backend, options).fit(model, data);
    }

    @ParameterizedTest
    @CsvSource({"1,1", "2,1", "1,2", "2,3"})
    void isTheDenseMatrix(int blocks, int draws) {
        RandomSequences model = RandomSequences.mixed();
        ExampleSource<Sequence> data = RandomSequences.sequences(23, 100);
        FitOptions options = OPTIONS.withBlocks(blocks).withLabels(new FisherLabels.Sampled(5, draws));
        for (MatrixBackend backend : TestBackends.all()) {
            try (EigenbasisCurvature curvature = fit(backend, model, data, options)) {
                for (LayerCurvature layer : curvature.layerCurvatures()) {
                    List<double[]> gradients = new ArrayList<>();
                    for (int draw = 0; draw < draws; draw++) {
                        gradients.addAll(DenseFisher.gradients(
                                model, data, new Objective.SampledLabels(5, draw), layer.layer()));
                    }
                    assertClose(
                            DenseFisher.gradientBasis(gradients, layer.layer(), blocks, 0.1),
                            DenseFisher.matrix(layer, 0.1),
                            Tolerances.eigenbasis(backend.precision()),
                            layer.layer().name() + " in " + backend.name());
                }
            }
        }
    }

    /** With one position EK-FAC sums āāᵀ, the gradient basis ‖g‖²āāᵀ: the same where every vector has length 1. */
    @Test
    void withOnePositionAndUnitVectorsItIsEkfac() {
        Pooled model = new Pooled(1, 0, true);
        try (EigenbasisCurvature ekfac = fit(TestBackends.EJML, model, Pooled.data(40), FitOptions.defaults());
                EigenbasisCurvature gradients = fit(TestBackends.EJML, model, Pooled.data(40), OPTIONS)) {
            assertClose(
                    DenseFisher.matrix(ekfac.layerCurvatures().get(0), 0),
                    DenseFisher.matrix(gradients.layerCurvatures().get(0), 0),
                    Tolerances.EXACT_SOLVE,
                    "curvature");
        }
    }

    /** Noise of single positions cancels in the sum, but not in the covariance of activations that EK-FAC takes. */
    @Test
    void isCloserToTheFisherWherePositionsOfASequenceHangTogether() {
        Pooled model = new Pooled(12, 2, false);
        try (EigenbasisCurvature ekfac = fit(TestBackends.EJML, model, Pooled.data(200), FitOptions.defaults());
                EigenbasisCurvature gradients = fit(TestBackends.EJML, model, Pooled.data(200), OPTIONS)) {
            double ofEkfac = distance(model, ekfac);
            double ofGradients = distance(model, gradients);
            assertTrue(ofGradients < 0.8 * ofEkfac, "gradient basis " + ofGradients + ", EK-FAC " + ofEkfac);
        }
    }

    /** ‖F − F̂‖ / ‖F‖. */
    private static double distance(Pooled model, EigenbasisCurvature curvature) {
        long examples = curvature.provenance().counts().getOrDefault("examples", 0L);
        List<double[]> gradients = DenseFisher.gradients(
                model,
                Pooled.data((int) examples),
                new Objective.SampledLabels(FisherLabels.DEFAULT_SEED),
                Pooled.LAYER);
        double[][] fisher = DenseFisher.fisher(gradients, examples);
        double[][] zero = new double[fisher.length][fisher.length];
        return DenseFisher.distance(
                        fisher, DenseFisher.matrix(curvature.layerCurvatures().get(0), 0))
                / DenseFisher.distance(fisher, zero);
    }

    @Test
    void refusesALayerWithoutRealPositions() {
        GradientProvider<Integer> masked = new Masked();
        NumericalException error =
                assertThrows(NumericalException.class, () -> fit(TestBackends.EJML, masked, Pooled.data(3), OPTIONS)
                        .close());
        assertTrue(error.toString().contains("pooled") && error.toString().contains("masked"), error::toString);
    }

    /** Sequences whose mean lies along some inputs and whose noise along others; every position has the same gradient. */
    private record Pooled(int positions, double noise, boolean unit) implements GradientProvider<Integer> {

        static final LayerSpec LAYER = LayerSpec.tokens("pooled", 4, 3).withoutBias();

        static ExampleSource<Integer> data(int count) {
            return ExampleSource.of(IntStream.range(0, count).boxed().toList());
        }

        @Override
        public List<LayerSpec> layers() {
            return List.of(LAYER);
        }

        @Override
        public void capture(
                ExampleBatch<Integer> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
            double[][] a = new double[batch.size() * positions][];
            double[][] g = new double[a.length][];
            for (int e = 0; e < batch.size(); e++) {
                SplittableRandom random = new SplittableRandom(batch.ids()[e]);
                double[] mean = {random.nextDouble(-1, 1), random.nextDouble(-2, 2)};
                double angle = random.nextDouble(Math.PI);
                double[] gradient = {Math.cos(angle), 2 * Math.sin(angle), 0.3};
                for (int p = 0; p < positions; p++) {
                    double common = noise * random.nextDouble(-1, 1);
                    double other = noise * random.nextDouble(-1, 1);
                    a[e * positions + p] = scaled(mean[0] + common, mean[1] + common, mean[0] - other, mean[1] + other);
                    g[e * positions + p] = scaled(gradient);
                }
            }
            sink.accept(LayerCapture.of(LAYER, batch.size(), positions, Matrix.of(a), Matrix.of(g)));
        }

        private double[] scaled(double... vector) {
            double norm =
                    unit ? Math.sqrt(DoubleStream.of(vector).map(x -> x * x).sum()) : 1;
            return DoubleStream.of(vector).map(x -> x / norm).toArray();
        }
    }

    private static final class Masked implements GradientProvider<Integer> {

        @Override
        public List<LayerSpec> layers() {
            return List.of(Pooled.LAYER);
        }

        @Override
        public void capture(
                ExampleBatch<Integer> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
            new Pooled(2, 1, false)
                    .capture(
                            batch,
                            objective,
                            layers,
                            capture -> sink.accept(capture.withMask(PositionMask.of(new boolean[capture.rows()]))));
        }
    }
}
