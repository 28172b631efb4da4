package io.github.influence4j.ekfac.parity;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.ekfac.TestBackends;
import io.github.influence4j.ekfac.internal.eigen.EigenbasisStage;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.CovarianceStage;
import io.github.influence4j.ekfac.internal.factor.FisherObjectives;
import io.github.influence4j.ekfac.internal.factor.LayerCovariance;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.score.Path;
import io.github.influence4j.ekfac.internal.score.ScoringWays;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.testkit.Tolerances;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every tensor that kronfluence computes from the same captures, by every backend (see {@code parity/README.md}). */
@TestInstance(Lifecycle.PER_CLASS)
class ParityTest {

    private static final List<String> CASES = List.of("mlp", "tokens", "conv", "block");

    /** Those that kronfluence has too. */
    private static final List<Strategy> STRATEGIES =
            List.of(Strategy.IDENTITY, Strategy.DIAGONAL, Strategy.KFAC, Strategy.EKFAC);

    Stream<Arguments> float64() {
        return CASES.stream()
                .flatMap(name -> TestBackends.float64().stream().map(backend -> Arguments.of(name, backend)));
    }

    Stream<Arguments> float64ByStrategyAndDamping() {
        return float64().flatMap(a -> STRATEGIES.stream().flatMap(strategy -> Stream.of("mean0.1", "abs1e-3")
                .map(damping -> Arguments.of(a.get()[0], a.get()[1], strategy, damping))));
    }

    Stream<Arguments> float32ByStrategy() {
        return CASES.stream().flatMap(name -> STRATEGIES.stream()
                .map(strategy -> Arguments.of(name, TestBackends.FAST_FLOAT32, strategy, "mean0.1")));
    }

    @ParameterizedTest
    @MethodSource("float64")
    void covariancesAndEigenvalues(String name, MatrixBackend backend) {
        ParityCase model = ParityCase.load(name);
        SafetensorsFixture expected = model.expected();
        FisherObjectives fisher = new FisherObjectives(List.of(new Objective.SampledLabels(0)), 1);
        try (CapturePass<Integer> pass = new CapturePass<>(backend, model)) {
            for (LayerCovariance covariance :
                    CovarianceStage.fit(backend, pass, model.trainingSet(), 16, fisher, ProgressListener.silent())) {
                String layer = covariance.layer().name();
                try (covariance;
                        LayerEigenbasis basis = EigenbasisStage.decompose(backend, covariance)) {
                    check(
                            expected,
                            layer + "/activation_covariance",
                            covariance.activation().orElseThrow());
                    check(expected, layer + "/gradient_covariance", covariance.gradient());
                    check(expected, layer + "/activation_eigenvalues", basis.activationValues());
                    check(expected, layer + "/gradient_eigenvalues", basis.gradientValues());
                    assertEquals(expected.count(layer + "/num_positions"), covariance.positions());
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("float64")
    void correctedEigenvalues(String name, MatrixBackend backend) {
        ParityCase model = ParityCase.load(name);
        for (Rotation rotation : Rotation.values()) {
            FitOptions options = FitOptions.defaults().withBatchSize(13);
            try (EigenbasisCurvature curvature = EigenbasisApproximator.<Integer>of(backend, options)
                    .rotating(rotation)
                    .fit(model, model.trainingSet())) {
                curvature
                        .layerCurvatures()
                        .forEach(layer -> check(model.expected(), layer.layer().name() + "/lambda_sum", new double[] {
                            layer.meanEigenvalue() * layer.layer().parameters()
                        }));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("float64ByStrategyAndDamping")
    void scores(String name, MatrixBackend backend, Strategy strategy, String damping) {
        checkScores(name, backend, strategy, damping, Tolerances.PARITY_FLOAT64);
    }

    @ParameterizedTest
    @MethodSource("float32ByStrategy")
    void scoresInFloat32(String name, MatrixBackend backend, Strategy strategy, String damping) {
        checkScores(name, backend, strategy, damping, Tolerances.PARITY_FLOAT32);
    }

    private void checkScores(String name, MatrixBackend backend, Strategy strategy, String damping, double tolerance) {
        ParityCase model = ParityCase.load(name);
        String prefix = strategy.name().toLowerCase(Locale.ROOT) + "/" + damping + "/";
        ScoreOptions options = ScoreOptions.defaults().withPerLayer(true).withBatchSize(16);
        try (EigenbasisCurvature curvature = fit(backend, model, strategy);
                EigenbasisSolver solver = curvature.solver(damping(damping))) {
            for (Path path : Path.values()) {
                InfluenceScores scores = new InfluenceScorer<>(backend, model, options, ProgressListener.silent())
                        .taking(ScoringWays.CHEAPEST.with(path))
                        .pairwise(solver, model.queries(), model.trainingSet());
                checkLayers(model, prefix + "pairwise/", scores, tolerance);
            }
            SelfInfluence self = new InfluenceScorer<>(backend, model, options, ProgressListener.silent())
                    .self(solver, model.trainingSet());
            for (LayerSpec layer : model.layers()) {
                String tensor = prefix + "self/" + layer.name();
                assertClose(model.expected().values(tensor), self.layer(layer.name()), tolerance, tensor);
            }
            if (strategy == Strategy.EKFAC) {
                checkLayers(
                        model,
                        prefix + "pairwise_rank2/",
                        pairwise(backend, model, solver, options.withRank(2)),
                        tolerance);
            }
        }
        if (strategy == Strategy.EKFAC) {
            for (LayerSpec layer : model.layers()) {
                if (layer.positions() == Positions.TOKENS) {
                    checkTokens(model.only(layer), layer, backend, damping, tolerance);
                }
            }
        }
    }

    private static void checkLayers(ParityCase model, String prefix, InfluenceScores scores, double tolerance) {
        for (LayerSpec layer : model.layers()) {
            String tensor = prefix + layer.name();
            Matrix actual = scores.layer(layer.name());
            double[] expected = model.expected().values(tensor);
            assertClose(Matrix.of(expected, actual.rows(), actual.columns()), actual, tolerance, tensor);
        }
    }

    private static void checkTokens(
            ParityCase model, LayerSpec layer, MatrixBackend backend, String damping, double tolerance) {
        String tensor = "ekfac/" + damping + "/per_token/" + layer.name();
        double[] expected = model.expected().values(tensor);
        int[] shape = model.expected().shape(tensor);
        try (EigenbasisCurvature curvature = fit(backend, model, Strategy.EKFAC);
                EigenbasisSolver solver = curvature.solver(damping(damping))) {
            InfluenceScores scores =
                    pairwise(backend, model, solver, ScoreOptions.defaults().withPerToken(true));
            double[] actual = new double[expected.length];
            for (int q = 0; q < shape[0]; q++) {
                for (int z = 0; z < shape[1]; z++) {
                    System.arraycopy(scores.tokens(q, z), 0, actual, (q * shape[1] + z) * shape[2], shape[2]);
                }
            }
            assertClose(expected, actual, tolerance, tensor);
        }
    }

    private static EigenbasisCurvature fit(MatrixBackend backend, ParityCase model, Strategy strategy) {
        return EigenbasisApproximator.<Integer>of(backend, FitOptions.defaults().withStrategy(strategy))
                .fit(model, model.trainingSet());
    }

    private static InfluenceScores pairwise(
            MatrixBackend backend, ParityCase model, EigenbasisSolver solver, ScoreOptions options) {
        return new InfluenceScorer<>(backend, model, options, ProgressListener.silent())
                .pairwise(solver, model.queries(), model.trainingSet());
    }

    private static Damping damping(String name) {
        return name.equals("mean0.1") ? Damping.relative(0.1) : Damping.absolute(1e-3);
    }

    private static void check(SafetensorsFixture expected, String tensor, Matrix actual) {
        Matrix right = Matrix.of(expected.values(tensor), actual.rows(), actual.columns());
        assertClose(right, actual, Tolerances.PARITY_FLOAT64, tensor);
    }

    private static void check(SafetensorsFixture expected, String tensor, double[] actual) {
        assertClose(expected.values(tensor), actual, Tolerances.PARITY_FLOAT64, tensor);
    }
}
