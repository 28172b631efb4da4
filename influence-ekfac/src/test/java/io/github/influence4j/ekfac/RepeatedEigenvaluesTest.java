package io.github.influence4j.ekfac;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.testkit.Tolerances;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Where covariances have equal eigenvalues, gradients choose the basis; where they cannot, the result says so. */
class RepeatedEigenvaluesTest {

    private static final int CLASSES = 6;
    private static final int OUTPUTS = 3;

    /** Gives the input of an example at a position. */
    private interface Input extends BiFunction<Integer, SplittableRandom, double[]> {}

    /** The class of an example as a one-hot vector: as many of each. */
    private static double[] oneHot(int example) {
        double[] input = new double[CLASSES];
        input[example % CLASSES] = 1;
        return input;
    }

    /** The same in other coordinates: A has its equal eigenvalues but for rounding. */
    private static double[] reflected(int example) {
        double[] input = new double[CLASSES];
        for (int i = 0; i < CLASSES; i++) {
            input[i] = (i == example % CLASSES ? 1 : 0) - 2.0 / CLASSES;
        }
        return input;
    }

    private record Host(LayerSpec layer, Input input, Input gradient, int[] passes)
            implements GradientProvider<Integer> {

        Host(LayerSpec layer, Input input) {
            this(
                    layer,
                    input,
                    (example, random) -> random.doubles(OUTPUTS, -1, 1).toArray(),
                    new int[1]);
        }

        @Override
        public List<LayerSpec> layers() {
            return List.of(layer);
        }

        @Override
        public void capture(
                ExampleBatch<Integer> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
            passes[0] += batch.ids()[0] == 0 ? 1 : 0;
            int positions = layer.positions() == Positions.NONE ? 1 : 2;
            double[][] inputs = new double[batch.size() * positions][];
            double[][] gradients = new double[batch.size() * positions][];
            for (int row = 0; row < inputs.length; row++) {
                int example = batch.examples().get(row / positions);
                SplittableRandom random = new SplittableRandom(2L * example + row % positions);
                gradients[row] = gradient.apply(example + row % positions, random);
                inputs[row] = input.apply(example + row % positions, random);
            }
            sink.accept(LayerCapture.of(layer, batch.size(), positions, Matrix.of(inputs), Matrix.of(gradients)));
        }
    }

    private static final ExampleSource<Integer> DATA =
            ExampleSource.of(IntStream.range(0, 10 * CLASSES).boxed().toList());

    private static final ExampleSource<Integer> QUERIES = DATA.select(java.util.Set.of(1L, 7L, 8L));

    private static EigenbasisCurvature fit(MatrixBackend backend, Strategy strategy, Host host) {
        FitOptions options = FitOptions.defaults().withStrategy(strategy);
        return EigenbasisApproximator.<Integer>of(backend, options).fit(host, DATA);
    }

    private static double[] scores(MatrixBackend backend, Host host) {
        try (EigenbasisCurvature fitted = fit(backend, Strategy.EKFAC, host);
                EigenbasisSolver solver = fitted.solver(Damping.relative(0.1))) {
            InfluenceScores scores = new InfluenceScorer<>(
                            backend, host, ScoreOptions.defaults(), ProgressListener.silent())
                    .pairwise(solver, QUERIES, DATA);
            return IntStream.range(0, 3)
                    .mapToObj(scores::row)
                    .flatMapToDouble(Arrays::stream)
                    .toArray();
        }
    }

    private static LayerSpec layer(Positions positions, boolean bias) {
        return new LayerSpec("hot", CLASSES, OUTPUTS, bias, positions);
    }

    /** Defect: one score was 8.57, 9.20 or 9.68 by the backend. */
    @Test
    void scoresDoNotDependOnTheBackend() {
        for (Positions positions : List.of(Positions.NONE, Positions.TOKENS)) {
            for (boolean bias : new boolean[] {true, false}) {
                for (Input input :
                        List.<Input>of((example, random) -> oneHot(example), (example, random) -> reflected(example))) {
                    Host host = new Host(layer(positions, bias), input);
                    double[] expected = scores(TestBackends.EJML, host);
                    double largest =
                            Arrays.stream(expected).map(Math::abs).max().orElseThrow();
                    for (MatrixBackend backend : TestBackends.all()) {
                        double tolerance = backend.precision() == Precision.FLOAT32
                                ? Tolerances.EIGENBASIS_FLOAT32
                                : Tolerances.PARITY_FLOAT64;
                        assertArrayEquals(
                                expected,
                                scores(backend, host),
                                tolerance * largest,
                                positions + ", bias " + bias + " on " + backend.description());
                    }
                }
            }
        }
    }

    /** Balanced one-hot inputs: E[GᵀG] is diagonal in the classes, so they are the basis. */
    @Test
    void theBasisIsThatOfTheGradients() {
        try (EigenbasisCurvature fitted = fit(
                TestBackends.EJML, Strategy.EKFAC, new Host(layer(Positions.NONE, false), (e, random) -> oneHot(e)))) {
            double[][] vectors = fitted.layerCurvatures()
                    .get(0)
                    .basis()
                    .orElseThrow()
                    .activationVectors()
                    .toArray();
            for (double number :
                    Arrays.stream(vectors).flatMapToDouble(Arrays::stream).toArray()) {
                double size = Math.abs(number);
                assertEquals(size > 0.5 ? 1 : 0, size, Tolerances.REORDERED_FLOAT64);
            }
        }
    }

    @Test
    void areSaid() {
        for (MatrixBackend backend : TestBackends.all()) {
            for (Strategy strategy : Strategy.values()) {
                for (boolean bias : new boolean[] {true, false}) {
                    Host host = new Host(layer(Positions.NONE, bias), (example, random) -> oneHot(example));
                    try (EigenbasisCurvature fitted = fit(backend, strategy, host)) {
                        // with a bias, the direction of all classes together has another eigenvalue
                        String expected = "[hot: " + (bias ? "5 of 7" : "6 of 6") + " inputs]";
                        Map<String, String> options = fitted.provenance().options();
                        assertEquals(
                                strategy == Strategy.EKFAC ? expected : "none",
                                options.getOrDefault("repeated eigenvalues", "none"),
                                strategy + " on " + backend.description());
                        assertFalse(options.containsKey("undecided eigenvectors"));
                    }
                }
                Host random =
                        new Host(layer(Positions.NONE, true), (example, numbers) -> numbers.doubles(CLASSES, -1, 1)
                                .toArray());
                try (EigenbasisCurvature fitted = fit(backend, strategy, random)) {
                    assertFalse(fitted.provenance().options().containsKey("repeated eigenvalues"));
                }
            }
        }
    }

    /** As many examples of each class with the same gradients: no class is another's equal, and nothing tells them apart. */
    @Test
    void whatGradientsDoNotTellApartIsSaid() {
        Host host = new Host(
                layer(Positions.NONE, false),
                (example, random) -> oneHot(example),
                (example, random) -> new SplittableRandom(example / CLASSES)
                        .doubles(OUTPUTS, -1, 1)
                        .toArray(),
                new int[1]);
        for (MatrixBackend backend : TestBackends.all()) {
            try (EigenbasisCurvature fitted = fit(backend, Strategy.EKFAC, host)) {
                Map<String, String> options = fitted.provenance().options();
                assertEquals("[hot: 6 of 6 inputs]", options.get("undecided eigenvectors"));
                assertFalse(options.containsKey("repeated eigenvalues"));
            }
        }
    }

    /** A pair of 300 is no reason for another pass over the data, nor are eight whose eigenvalues the damping hides. */
    @Test
    void aPairInAWideLayerIsLeftAlone() {
        assertFalse(choosesAmong(2, true));
        assertFalse(choosesAmong(8, false));
        assertTrue(choosesAmong(8, true));
    }

    /** Of 300 one-hot inputs of different sizes the largest or the smallest are equal. */
    private static boolean choosesAmong(int equal, boolean largest) {
        int wide = 300;
        LayerSpec layer = new LayerSpec("wide", wide, OUTPUTS, false, Positions.NONE);
        ExampleSource<Integer> data =
                ExampleSource.of(IntStream.range(0, wide).boxed().toList());
        Host host = new Host(layer, (example, random) -> {
            double[] input = new double[wide];
            input[example] = largest ? Math.min(wide - equal, example) + 30 : Math.max(equal - 1, example) + 30;
            return input;
        });
        try (EigenbasisCurvature fitted = EigenbasisApproximator.<Integer>of(TestBackends.EJML, FitOptions.defaults())
                .fit(host, data)) {
            boolean chosen = fitted.provenance().options().containsKey("repeated eigenvalues");
            assertEquals(chosen ? 3 : 2, host.passes()[0], "passes");
            return chosen;
        }
    }
}
