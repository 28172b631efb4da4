package io.github.influence4j.ekfac;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.PositionMask;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every kind of bad input gets an exception that names the layer and the numbers. */
class BadInputTest {

    private static final LayerSpec FIRST = LayerSpec.dense("first", 2, 3);
    private static final LayerSpec SECOND = LayerSpec.dense("second", 3, 1);
    private static final MatrixBackend BACKEND = TestBackends.EJML;

    static List<MatrixBackend> backends() {
        return TestBackends.all();
    }

    /** What a host hands over for a batch, right or wrong. */
    private interface Captures {
        void push(int examples, CaptureSink sink);
    }

    private record Host(List<LayerSpec> layers, Captures captures) implements GradientProvider<Integer> {
        @Override
        public void capture(
                ExampleBatch<Integer> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
            captures.push(batch.size(), sink);
        }
    }

    private static LayerCapture ones(LayerSpec layer, int examples) {
        double[] a = IntStream.range(0, examples * layer.inputs())
                .mapToDouble(k -> 1 + k)
                .toArray();
        double[] g = IntStream.range(0, examples * layer.outputs())
                .mapToDouble(k -> 1 + k)
                .toArray();
        return LayerCapture.of(layer, Matrix.of(a, examples, layer.inputs()), Matrix.of(g, examples, layer.outputs()));
    }

    private static ExampleSource<Integer> examples(int count) {
        return ExampleSource.of(
                IntStream.range(0, count).boxed().toList(),
                IntStream.range(0, count).mapToLong(k -> 70 + k).toArray());
    }

    private static void fit(MatrixBackend backend, GradientProvider<Integer> host) {
        EigenbasisApproximator.<Integer>ekfac(backend).fit(host, examples(4)).close();
    }

    private static RuntimeException refusal(Captures captures) {
        Host host = new Host(List.of(FIRST, SECOND), captures);
        return assertThrows(IllegalArgumentException.class, () -> fit(BACKEND, host));
    }

    private static void assertNames(RuntimeException refusal, String... parts) {
        String message = refusal.toString();
        for (String part : parts) {
            assertTrue(message.contains(part), () -> "expected \"" + part + "\" in: " + message);
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void notFiniteCapturesAreRefusedWithLayerAndExample(MatrixBackend backend) {
        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            for (boolean inActivations : new boolean[] {true, false}) {
                Host host = new Host(List.of(FIRST), (n, sink) -> {
                    double[] a = new double[n * 2];
                    double[] g = new double[n * 3];
                    if (inActivations) {
                        a[2 * 2 + 1] = bad;
                    } else {
                        g[2 * 3 + 1] = bad;
                    }
                    sink.accept(LayerCapture.of(FIRST, Matrix.of(a, n, 2), Matrix.of(g, n, 3)));
                });
                RuntimeException message = assertThrows(NumericalException.class, () -> fit(backend, host));
                assertNames(
                        message,
                        "layer first",
                        inActivations ? "activations" : "output gradients",
                        "example 72",
                        "column 1",
                        "" + bad);
            }
        }
    }

    @Test
    void aMissingLayerIsNamed() {
        assertNames(
                refusal((n, sink) -> sink.accept(ones(FIRST, n))), "layer second", "missing", "4 examples", "id 70");
    }

    @Test
    void aLayerThatComesTwiceIsNamed() {
        assertNames(
                refusal((n, sink) -> {
                    sink.accept(ones(FIRST, n));
                    sink.accept(ones(FIRST, n));
                }),
                "layer first",
                "twice");
    }

    @Test
    void anUnknownLayerIsNamed() {
        assertNames(refusal((n, sink) -> sink.accept(ones(LayerSpec.dense("third", 2, 2), n))), "layer third", "first");
    }

    @Test
    void aLayerOfAnotherShapeIsNamed() {
        assertNames(
                refusal((n, sink) -> sink.accept(ones(LayerSpec.dense("first", 2, 5), n))),
                "layer first",
                "outputs=3",
                "outputs=5");
    }

    @Test
    void anotherNumberOfExamplesIsNamed() {
        assertNames(refusal((n, sink) -> sink.accept(ones(FIRST, n + 1))), "layer first", "batch of 4", "with 5");
    }

    @Test
    void mismatchedMatricesAreNamed() {
        assertNames(
                refusal((n, sink) -> sink.accept(LayerCapture.of(
                        FIRST, Matrix.of(new double[n * 2], n, 2), Matrix.of(new double[n * 4], n, 4)))),
                "layer first",
                "output gradients must be 4 x 3",
                "found 4 x 4");
    }

    @Test
    void anEmptyDataSetIsRefused() {
        Host host = new Host(List.of(FIRST), (n, sink) -> sink.accept(ones(FIRST, n)));
        var approximator = EigenbasisApproximator.<Integer>ekfac(BACKEND);
        RuntimeException message =
                assertThrows(IllegalArgumentException.class, () -> approximator.fit(host, examples(0)));
        assertNames(message, "empty");
        try (EigenbasisCurvature curvature = approximator.fit(host, examples(4));
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            InfluenceScorer<Integer> scorer = new InfluenceScorer<>(BACKEND, host);
            assertThrows(IllegalArgumentException.class, () -> scorer.pairwise(solver, examples(0), examples(4)));
            assertThrows(IllegalArgumentException.class, () -> scorer.pairwise(solver, examples(4), examples(0)));
            assertThrows(IllegalArgumentException.class, () -> scorer.self(solver, examples(0)));
        }
    }

    @Test
    void layersWithoutNamesOrWithTheSameAreRefused() {
        Host none = new Host(List.of(), (n, sink) -> {});
        assertThrows(IllegalArgumentException.class, () -> fit(BACKEND, none));
        Host twice = new Host(List.of(FIRST, FIRST), (n, sink) -> {});
        assertNames(assertThrows(IllegalArgumentException.class, () -> fit(BACKEND, twice)), "first");
    }

    @ParameterizedTest
    @ValueSource(longs = {1000, 100_000})
    void factorsThatDoNotFitAreRefusedBeforeAnyWork(long limit) {
        LayerSpec wide = LayerSpec.dense("wide", 200, 10);
        Host host = new Host(List.of(FIRST, wide), (n, sink) -> {
            throw new AssertionError("the model must not run");
        });
        var approximator = EigenbasisApproximator.<Integer>of(
                BACKEND, FitOptions.defaults().withMemoryLimit(limit));
        RuntimeException message =
                assertThrows(IllegalArgumentException.class, () -> approximator.fit(host, examples(4)));
        assertNames(message, "wide (10 x 201)", "MiB", "there is room for");
    }

    @ParameterizedTest
    @MethodSource("backends")
    void aLayerTooLargeForTheMachineIsRefusedByName(MatrixBackend backend) {
        LayerSpec huge = LayerSpec.dense("huge", 3_000_000, 3);
        Host host = new Host(List.of(huge), (n, sink) -> {
            throw new AssertionError("the model must not run");
        });
        RuntimeException message = assertThrows(IllegalArgumentException.class, () -> fit(backend, host));
        assertNames(message, "huge", "3000001");
    }

    @Test
    void whatIsClosedIsNamed() {
        Host host = new Host(List.of(FIRST), (n, sink) -> sink.accept(ones(FIRST, n)));
        InfluenceScorer<Integer> scorer = new InfluenceScorer<>(BACKEND, host);
        EigenbasisCurvature curvature =
                EigenbasisApproximator.<Integer>ekfac(BACKEND).fit(host, examples(4));
        EigenbasisSolver closed = curvature.solver(Damping.DEFAULT);
        assertTrue(closed.toString().contains("solver of EKFAC for 1 layers"), closed.toString());
        closed.close();
        assertNames(
                assertThrows(IllegalStateException.class, () -> scorer.pairwise(closed, examples(1), examples(4))),
                "the solver is closed");
        assertNames(assertThrows(IllegalStateException.class, () -> scorer.self(closed, examples(4))), "closed");
        EigenbasisSolver orphan = curvature.solver(Damping.DEFAULT);
        assertTrue(curvature.toString().startsWith("EKFAC of 1 layers"), curvature.toString());
        curvature.close();
        LayerGradients vector = LayerGradients.ofFlat(List.of(FIRST), new double[9]);
        assertNames(
                assertThrows(IllegalStateException.class, () -> orphan.solve(vector)),
                "curvature of the solver is closed");
        assertNames(
                assertThrows(IllegalStateException.class, () -> curvature.solver(Damping.DEFAULT)),
                "the curvature is closed");
        orphan.close();
    }

    @Test
    void aDataSetOfPaddingIsRefused() {
        Host host = new Host(
                List.of(FIRST), (n, sink) -> sink.accept(ones(FIRST, n).withMask(PositionMask.of(new boolean[n]))));
        assertNames(assertThrows(NumericalException.class, () -> fit(BACKEND, host)), "layer first", "masked");
    }

    @Test
    void aSingularCurvatureIsRefused() {
        Host host = new Host(List.of(FIRST), (n, sink) -> sink.accept(ones(FIRST, n)));
        FitOptions kfac = FitOptions.defaults().withStrategy(Strategy.KFAC);
        try (EigenbasisCurvature curvature =
                EigenbasisApproximator.<Integer>of(BACKEND, kfac).fit(host, examples(2))) {
            NumericalException e = assertThrows(NumericalException.class, () -> curvature.solver(Damping.absolute(0)));
            assertNames(e, "layer first", "damping 0.0");
        }
    }

    @Test
    void vectorsOfOtherLayersAndNotFiniteOnesAreRefused() {
        Host host = new Host(List.of(FIRST), (n, sink) -> sink.accept(ones(FIRST, n)));
        try (EigenbasisCurvature curvature =
                        EigenbasisApproximator.<Integer>ekfac(BACKEND).fit(host, examples(4));
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            LayerGradients other = LayerGradients.ofFlat(List.of(SECOND), new double[4]);
            assertThrows(IllegalArgumentException.class, () -> solver.solve(other));
            double[] bad = new double[9];
            bad[4] = Double.NaN;
            LayerGradients notFinite = LayerGradients.ofFlat(List.of(FIRST), bad);
            assertNames(assertThrows(NumericalException.class, () -> solver.solve(notFinite)), "layer first");
        }
    }

    @Test
    void aSolverForOtherLayersIsRefused() {
        Host host = new Host(List.of(FIRST), (n, sink) -> sink.accept(ones(FIRST, n)));
        Host other = new Host(List.of(SECOND), (n, sink) -> sink.accept(ones(SECOND, n)));
        try (EigenbasisCurvature curvature =
                        EigenbasisApproximator.<Integer>ekfac(BACKEND).fit(host, examples(4));
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            InfluenceScorer<Integer> scorer = new InfluenceScorer<>(BACKEND, other);
            RuntimeException message =
                    assertThrows(IllegalArgumentException.class, () -> scorer.self(solver, examples(4)));
            assertNames(message, "first", "second");
        }
    }

    @Test
    void scoresPerTokenNeedALayerThatRunsAtTokens() {
        Host host = new Host(List.of(FIRST), (n, sink) -> sink.accept(ones(FIRST, n)));
        ScoreOptions options = ScoreOptions.defaults().withPerToken(true);
        try (EigenbasisCurvature curvature =
                        EigenbasisApproximator.<Integer>ekfac(BACKEND).fit(host, examples(4));
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            InfluenceScorer<Integer> scorer = new InfluenceScorer<>(BACKEND, host, options, (s, d, t) -> {});
            assertThrows(IllegalArgumentException.class, () -> scorer.pairwise(solver, examples(2), examples(4)));
        }
    }

    @Test
    void interruptionCancelsAndLeavesNothingBehind() {
        RandomSequences model = RandomSequences.mixed();
        var approximator = EigenbasisApproximator.<Sequence>of(
                BACKEND, FitOptions.defaults().withBatchSize(2));
        CancellationException e = assertThrows(
                CancellationException.class,
                () -> approximator.fit(model, RandomSequences.sequences(10, 1), (stage, done, total) -> {
                    if (stage.equals("eigenvalues") && done == 4) {
                        Thread.currentThread().interrupt();
                    }
                }));
        assertTrue(Thread.interrupted());
        assertNames(e, "eigenvalues", "4 of 10");
    }

    @Test
    void optionsRefuseNonsense() {
        assertThrows(IllegalArgumentException.class, () -> FitOptions.defaults().withBatchSize(0));
        assertThrows(IllegalArgumentException.class, () -> FitOptions.defaults().withMemoryLimit(0));
        assertThrows(IllegalArgumentException.class, () -> new FisherLabels.Sampled(1, 0));
        assertThrows(
                IllegalArgumentException.class, () -> ScoreOptions.defaults().withRank(0));
        assertThrows(
                IllegalArgumentException.class, () -> ScoreOptions.defaults().withQueryBatchSize(-1));
        assertEquals(7, ScoreOptions.defaults().withRank(7).rank().orElseThrow().rank());
    }
}
