package io.github.influence4j.ekfac.internal.score;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.ekfac.RandomSequences;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import io.github.influence4j.ekfac.TestBackends;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.testkit.Tolerances;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SelfInfluenceTest {

    static List<MatrixBackend> backends() {
        return TestBackends.all();
    }

    /** At two positions a₁ = a₂ and g₂ = −(1 − 1e-4)g₁, in float32: what is left of the gradient is a ten thousandth of its terms. */
    private record Cancelling(LayerSpec layer) implements GradientProvider<Integer> {
        @Override
        public List<LayerSpec> layers() {
            return List.of(layer);
        }

        private float[][] vectors(long example, int width) {
            SplittableRandom random = new SplittableRandom(example);
            float[][] rows = new float[2][width];
            for (int k = 0; k < width; k++) {
                rows[0][k] = (float) random.nextDouble(-1, 1);
                rows[1][k] = (float) (-(1 - 1e-4) * rows[0][k]);
            }
            return rows;
        }

        @Override
        public void capture(
                ExampleBatch<Integer> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
            float[][] a = new float[2 * batch.size()][];
            float[][] g = new float[2 * batch.size()][];
            for (int e = 0; e < batch.size(); e++) {
                float[][] activations = vectors(batch.ids()[e], layer.inputs());
                float[][] gradients = vectors(1000 + batch.ids()[e], layer.outputs());
                a[2 * e] = activations[0];
                // every third example is an ordinary one
                a[2 * e + 1] = activations[batch.ids()[e] % 3 == 0 ? 1 : 0];
                g[2 * e] = gradients[0];
                g[2 * e + 1] = gradients[1];
            }
            sink.accept(LayerCapture.of(layer, batch.size(), 2, Matrix.of(a), Matrix.of(g)));
        }

        /** ‖Σ_p g_p a_pᵀ‖² by plain loops in float64. */
        double squaredNorm(long example) {
            float[][] a = vectors(example, layer.inputs());
            float[][] g = vectors(1000 + example, layer.outputs());
            float[] second = a[example % 3 == 0 ? 1 : 0];
            double sum = 0;
            for (int o = 0; o < layer.outputs(); o++) {
                for (int i = 0; i < layer.inputs(); i++) {
                    double value = (double) g[0][o] * a[0][i] + (double) g[1][o] * second[i];
                    sum += value * value;
                }
            }
            return sum;
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void positionsThatCancelLeaveWhatIsLeft(MatrixBackend backend) {
        Cancelling model = new Cancelling(LayerSpec.tokens("wide", 768, 768).withoutBias());
        ExampleSource<Integer> train =
                ExampleSource.of(IntStream.range(0, 8).boxed().toList());
        double[] expected =
                IntStream.range(0, 8).mapToDouble(model::squaredNorm).toArray();
        try (EigenbasisCurvature curvature = EigenbasisApproximator.<Integer>of(
                                backend, FitOptions.defaults().withStrategy(Strategy.IDENTITY))
                        .fit(model, train);
                EigenbasisSolver solver = curvature.solver(Damping.absolute(0))) {
            for (Rotation rotation : Rotation.values()) {
                double[] self = new InfluenceScorer<>(backend, model)
                        .taking(ScoringWays.CHEAPEST.with(rotation))
                        .self(solver, train)
                        .scores();
                for (int z = 0; z < self.length; z++) {
                    assertEquals(
                            expected[z],
                            self[z],
                            Tolerances.CANCELLED_POSITIONS * expected[z],
                            rotation + ", example " + z);
                }
            }
        }
    }

    /** In the eigenbasis too: nothing that is a square comes out negative. */
    @ParameterizedTest
    @MethodSource("backends")
    void positionsThatCancelAreNotNegativeInTheEigenbasis(MatrixBackend backend) {
        Cancelling model = new Cancelling(LayerSpec.tokens("wide", 96, 96).withoutBias());
        ExampleSource<Integer> train =
                ExampleSource.of(IntStream.range(0, 60).boxed().toList());
        try (EigenbasisCurvature curvature =
                        EigenbasisApproximator.<Integer>ekfac(backend).fit(model, train);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            InfluenceScorer<Integer> scorer = new InfluenceScorer<>(backend, model);
            double[] pairs = scorer.taking(ScoringWays.CHEAPEST.with(Rotation.GRAM))
                    .self(solver, train)
                    .scores();
            double[] gradients = scorer.taking(ScoringWays.CHEAPEST.with(Rotation.GRADIENT_FIRST))
                    .self(solver, train)
                    .scores();
            for (int z = 0; z < pairs.length; z++) {
                int example = z;
                assertTrue(pairs[z] > 0, () -> "example " + example + ": " + pairs[example]);
                assertEquals(
                        gradients[z], pairs[z], Tolerances.CANCELLED_POSITIONS * gradients[z], "example " + example);
            }
        }
    }

    private static <E> SelfInfluence self(
            MatrixBackend backend,
            GradientProvider<E> model,
            EigenbasisSolver solver,
            ScoreOptions options,
            ExampleSource<E> train) {
        return new InfluenceScorer<>(backend, model, options, ProgressListener.silent()).self(solver, train);
    }

    @Test
    void partsOfTheLayersAreKeptWhereTheyAreAskedFor() {
        MatrixBackend backend = TestBackends.EJML;
        RandomSequences model = RandomSequences.mixed();
        ExampleSource<Sequence> train = RandomSequences.sequences(9, 50);
        try (EigenbasisCurvature curvature =
                        EigenbasisApproximator.<Sequence>ekfac(backend).fit(model, train);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            SelfInfluence totals = self(backend, model, solver, ScoreOptions.defaults(), train);
            assertEquals(List.of(), totals.layers());
            SelfInfluence parts =
                    self(backend, model, solver, ScoreOptions.defaults().withPerLayer(true), train);
            assertEquals(model.layers().stream().map(LayerSpec::name).toList(), parts.layers());
            double[] sums = new double[9];
            for (String layer : parts.layers()) {
                double[] part = parts.layer(layer);
                for (int z = 0; z < sums.length; z++) {
                    sums[z] += part[z];
                }
            }
            assertClose(totals.scores(), sums, Tolerances.REORDERED_FLOAT64, "parts");
            assertClose(totals.scores(), parts.scores(), 0, "totals");
        }
    }
}
