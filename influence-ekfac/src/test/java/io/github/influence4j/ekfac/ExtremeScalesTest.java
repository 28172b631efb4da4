package io.github.influence4j.ekfac;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Activations and gradients from 1e-30 to 1e30 in every precision. With a damping relative to the mean eigenvalue all scales cancel
 * but that of the query against the training example, so the scores of numbers about 1 are the oracle; they come from float64.
 */
class ExtremeScalesTest {

    private static final double[] SCALES = {1e-30, 1e-20, 1e-10, 1, 1e10, 1e20, 1e30};
    private static final List<LayerSpec> LAYERS = List.of(
            LayerSpec.tokens("first", 5, 4).withoutBias(),
            LayerSpec.dense("second", 4, 3).withoutBias());

    static List<MatrixBackend> backends() {
        return TestBackends.all();
    }

    /** Numbers about 1, times a scale for each of the four kinds. */
    private record Host(double fitted, double activations, double gradients, double measured)
            implements GradientProvider<Integer> {

        @Override
        public List<LayerSpec> layers() {
            return LAYERS;
        }

        @Override
        public void capture(
                ExampleBatch<Integer> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
            double scale = gradients;
            if (objective instanceof Objective.Measurement) {
                scale = measured;
            } else if (!(objective instanceof Objective.TrainingLoss)) {
                scale = fitted;
            }
            for (LayerSpec layer : wanted) {
                int positions = layer.positions() == LayerSpec.Positions.TOKENS ? 3 : 1;
                double[][] a = new double[batch.size() * positions][layer.inputs()];
                double[][] g = new double[batch.size() * positions][layer.outputs()];
                for (int row = 0; row < a.length; row++) {
                    SplittableRandom random = new SplittableRandom(
                            31 * (batch.ids()[row / positions] * 7 + row % positions) + LAYERS.indexOf(layer));
                    for (int i = 0; i < layer.inputs(); i++) {
                        a[row][i] = activations * random.nextDouble(-1, 1);
                    }
                    for (int o = 0; o < layer.outputs(); o++) {
                        g[row][o] = scale * random.nextDouble(-1, 1);
                    }
                }
                sink.accept(LayerCapture.of(layer, batch.size(), positions, Matrix.of(a), Matrix.of(g)));
            }
        }
    }

    private static ExampleSource<Integer> examples(int first, int count) {
        return ExampleSource.of(
                IntStream.range(0, count).boxed().toList(),
                IntStream.range(first, first + count).mapToLong(k -> k).toArray());
    }

    private static final ExampleSource<Integer> TRAIN = examples(0, 40);
    private static final ExampleSource<Integer> QUERIES = examples(1000, 5);

    /** Scores, self-influence, and the best of each query. */
    private record Results(InfluenceScores pairwise, SelfInfluence self, TopInfluences top) {}

    private static Results results(MatrixBackend backend, Host host, Strategy strategy, ScoreOptions options) {
        try (EigenbasisCurvature curvature = EigenbasisApproximator.<Integer>of(
                                backend, FitOptions.defaults().withStrategy(strategy))
                        .fit(host, TRAIN);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            InfluenceScorer<Integer> scorer = new InfluenceScorer<>(backend, host, options, ProgressListener.silent());
            return new Results(
                    scorer.pairwise(solver, QUERIES, TRAIN),
                    scorer.self(solver, TRAIN),
                    scorer.topK(solver, QUERIES, TRAIN, 3));
        }
    }

    /** Relative to the largest score, as float32 sums of numbers about 1 are. */
    private static void assertScaled(double[] expected, double[] actual, double factor, double tolerance, String what) {
        double largest = 0;
        for (double value : expected) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int k = 0; k < expected.length; k++) {
            assertEquals(expected[k] / largest, actual[k] / factor / largest, tolerance, what + ", example " + k);
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void scoresKeepTheirRatios(MatrixBackend backend) {
        double tolerance = Tolerances.eigenbasis(backend.precision());
        for (Strategy strategy : List.of(Strategy.EKFAC, Strategy.KFAC, Strategy.DIAGONAL, Strategy.GRADIENT_BASIS)) {
            for (ScoreOptions options :
                    List.of(ScoreOptions.defaults(), ScoreOptions.defaults().withRank(2))) {
                Results expected = results(TestBackends.EJML, new Host(1, 1, 1, 1), strategy, options);
                for (double activations : SCALES) {
                    for (double gradients : SCALES) {
                        // what the fit saw and what is scored may be of different scales too
                        double measured = gradients == 1 ? 1e-20 : gradients;
                        Host host = new Host(gradients, activations, gradients, measured);
                        String what = strategy + " " + host;
                        Results found = results(backend, host, strategy, options);
                        double relative = measured / gradients;
                        for (int q = 0; q < 5; q++) {
                            assertScaled(
                                    expected.pairwise().row(q), found.pairwise().row(q), relative, tolerance, what);
                            assertScaled(
                                    expected.top().helpful().get(q).stream()
                                            .mapToDouble(best -> best.score())
                                            .toArray(),
                                    found.top().helpful().get(q).stream()
                                            .mapToDouble(best -> best.score())
                                            .toArray(),
                                    relative,
                                    tolerance,
                                    what);
                        }
                        assertScaled(expected.self().scores(), found.self().scores(), 1, tolerance, what);
                    }
                }
            }
        }
    }

    /** An absolute damping does not scale: the oracle is float64 with the same numbers. */
    @ParameterizedTest
    @MethodSource("backends")
    void anAbsoluteDampingIsWhatItIsInFloat64(MatrixBackend backend) {
        for (double scale : new double[] {1e-10, 1, 1e10}) {
            Host host = new Host(scale, scale, scale, scale);
            for (double lambda : new double[] {1, Math.pow(scale, 4)}) {
                double[][] rows = new double[2][];
                int k = 0;
                for (MatrixBackend one : List.of(TestBackends.EJML, backend)) {
                    try (EigenbasisCurvature curvature =
                                    EigenbasisApproximator.<Integer>ekfac(one).fit(host, TRAIN);
                            EigenbasisSolver solver = curvature.solver(Damping.absolute(lambda))) {
                        rows[k++] = new InfluenceScorer<>(one, host)
                                .pairwise(solver, QUERIES, TRAIN)
                                .row(0);
                    }
                }
                assertScaled(rows[0], rows[1], 1, Tolerances.eigenbasis(backend.precision()), scale + ", " + lambda);
            }
        }
    }

    /** The training set alone, or the queries alone, are out of scale; a solver of which nothing is known gives the same. */
    @ParameterizedTest
    @MethodSource("backends")
    void everyKindMayHaveAScaleOfItsOwn(MatrixBackend backend) {
        double tolerance = Tolerances.eigenbasis(backend.precision());
        Results expected = results(TestBackends.EJML, new Host(1, 1, 1, 1), Strategy.EKFAC, ScoreOptions.defaults());
        for (double train : SCALES) {
            for (double query : SCALES) {
                Host host = new Host(1, 1, train, query);
                try (EigenbasisCurvature curvature =
                                EigenbasisApproximator.<Integer>ekfac(backend).fit(host, TRAIN);
                        EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
                    InfluenceScorer<Integer> scorer = new InfluenceScorer<>(backend, host);
                    IhvpSolver opaque = new Opaque(solver);
                    for (IhvpSolver one : List.of(solver, opaque)) {
                        InfluenceScores found = scorer.pairwise(one, QUERIES, TRAIN);
                        for (int q = 0; q < 5; q++) {
                            assertScaled(expected.pairwise().row(q), found.row(q), train * query, tolerance, "" + host);
                        }
                        assertScaled(
                                expected.self().scores(),
                                scorer.self(one, TRAIN).scores(),
                                train * train,
                                tolerance,
                                "self " + host);
                    }
                }
            }
        }
    }

    private record Opaque(IhvpSolver solver) implements IhvpSolver {
        @Override
        public List<LayerSpec> layers() {
            return solver.layers();
        }

        @Override
        public LayerGradients solve(LayerGradients vector) {
            return solver.solve(vector);
        }

        @Override
        public LayerDamping damping() {
            return solver.damping();
        }

        @Override
        public Provenance provenance() {
            return solver.provenance();
        }

        @Override
        public void close() {
            // the solver is closed by whoever made it
        }
    }

    /** What no precision holds is refused with layer and example. */
    @ParameterizedTest
    @MethodSource("backends")
    void whatIsOutOfEveryRangeIsRefused(MatrixBackend backend) {
        Host host = new Host(1, 1, 1e160, 1e160);
        try (EigenbasisCurvature curvature =
                        EigenbasisApproximator.<Integer>ekfac(backend).fit(host, TRAIN);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            InfluenceScorer<Integer> scorer = new InfluenceScorer<>(backend, host);
            NumericalException e =
                    assertThrows(NumericalException.class, () -> scorer.pairwise(solver, QUERIES, TRAIN));
            assertTrue(e.toString().contains("layer first"), e.toString());
            assertTrue(e.toString().contains("example"), e.toString());
            NumericalException self = assertThrows(NumericalException.class, () -> scorer.self(solver, TRAIN));
            assertTrue(self.toString().contains("layer first"), self.toString());
        }
    }
}
