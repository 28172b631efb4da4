package io.github.influence4j.store;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Captures from files, factors to files and back: what kronfluence computes, by every strategy and backend. */
class ParityThroughFilesTest {

    @TempDir
    private Path folder;

    static Stream<Arguments> cases() {
        return ParityFiles.CASES.stream()
                .flatMap(name -> Backends.float64().stream().flatMap(backend -> Stream.of(Strategy.values())
                        // the fixtures know only kronfluence's strategies
                        .filter(strategy -> strategy != Strategy.GRADIENT_BASIS)
                        .map(strategy -> Arguments.of(name, backend, strategy))));
    }

    static Stream<Arguments> tokenCases() {
        return Stream.of("tokens", "block")
                .flatMap(name -> Backends.float64().stream().map(backend -> Arguments.of(name, backend)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void scores(String name, MatrixBackend backend, Strategy strategy) throws IOException {
        try (ParityFiles files = new ParityFiles(name)) {
            saveFactors(backend, files, files.provider(), strategy);
            FactorStore store = FactorStore.open(folder);
            assertEquals(strategy, store.manifest().strategy());
            CaptureProvider model = CaptureProvider.of(
                    store.manifest().layers(), store.manifest().provenance().model(), files.train(), files.query());
            try (EigenbasisCurvature curvature = EigenbasisCurvature.require(store.load(backend))) {
                for (String damping : List.of("mean0.1", "abs1e-3")) {
                    checkScores(backend, files, model, curvature, strategy, damping);
                }
            }
        }
    }

    private static void checkScores(
            MatrixBackend backend,
            ParityFiles files,
            CaptureProvider model,
            EigenbasisCurvature curvature,
            Strategy strategy,
            String damping)
            throws IOException {
        String prefix = strategy.name().toLowerCase(Locale.ROOT) + "/" + damping + "/";
        ScoreOptions options = ScoreOptions.defaults().withPerLayer(true).withBatchSize(16);
        try (EigenbasisSolver solver = curvature.solver(damping(damping))) {
            checkLayers(files, prefix + "pairwise/", pairwise(backend, files, model, solver, options));
            SelfInfluence self = new InfluenceScorer<>(backend, model, options, ProgressListener.silent())
                    .self(solver, files.train());
            for (LayerSpec layer : model.layers()) {
                String tensor = prefix + "self/" + layer.name();
                assertClose(files.expected(tensor), self.layer(layer.name()), Tolerances.PARITY_FLOAT64, tensor);
            }
            if (strategy == Strategy.EKFAC) {
                InfluenceScores cut = pairwise(backend, files, model, solver, options.withRank(2));
                checkLayers(files, prefix + "pairwise_rank2/", cut);
            }
        }
    }

    private static void checkLayers(ParityFiles files, String prefix, InfluenceScores scores) {
        for (String layer : scores.layers()) {
            Matrix actual = scores.layer(layer);
            Matrix expected = Matrix.of(files.expected(prefix + layer), actual.rows(), actual.columns());
            assertClose(expected, actual, Tolerances.PARITY_FLOAT64, prefix + layer);
        }
    }

    @ParameterizedTest
    @MethodSource("tokenCases")
    void scoresPerToken(String name, MatrixBackend backend) throws IOException {
        try (ParityFiles files = new ParityFiles(name)) {
            List<LayerSpec> layers = files.provider().layers();
            for (LayerSpec layer : layers) {
                assumeTrue(layer.positions() == Positions.TOKENS);
                // per-token scores are summed over layers, the expected ones are not
                OneLayer model = new OneLayer(files.provider(), layer);
                saveFactors(backend, files, model, Strategy.EKFAC);
                try (EigenbasisCurvature curvature =
                        EigenbasisCurvature.require(FactorStore.open(folder).load(backend))) {
                    for (String damping : List.of("mean0.1", "abs1e-3")) {
                        checkTokens(backend, files, model, layer, curvature, damping);
                    }
                }
            }
        }
    }

    private static void checkTokens(
            MatrixBackend backend,
            ParityFiles files,
            OneLayer model,
            LayerSpec layer,
            EigenbasisCurvature curvature,
            String damping)
            throws IOException {
        String tensor = "ekfac/" + damping + "/per_token/" + layer.name();
        double[] expected = files.expected(tensor);
        int[] shape = files.shape(tensor);
        try (EigenbasisSolver solver = curvature.solver(damping(damping))) {
            ScoreOptions options = ScoreOptions.defaults().withPerToken(true);
            InfluenceScores scores = new InfluenceScorer<>(backend, model, options, ProgressListener.silent())
                    .pairwise(solver, files.query(), files.train());
            double[] actual = new double[expected.length];
            for (int q = 0; q < shape[0]; q++) {
                for (int z = 0; z < shape[1]; z++) {
                    System.arraycopy(scores.tokens(q, z), 0, actual, (q * shape[1] + z) * shape[2], shape[2]);
                }
            }
            assertClose(expected, actual, Tolerances.PARITY_FLOAT64, tensor);
        }
    }

    private void saveFactors(
            MatrixBackend backend, ParityFiles files, GradientProvider<CapturedExample> model, Strategy strategy)
            throws IOException {
        FitOptions options = FitOptions.defaults().withStrategy(strategy).withBatchSize(13);
        try (EigenbasisCurvature curvature =
                EigenbasisApproximator.<CapturedExample>of(backend, options).fit(model, files.pseudo())) {
            FactorStore.save(folder, curvature);
        }
    }

    private static InfluenceScores pairwise(
            MatrixBackend backend,
            ParityFiles files,
            CaptureProvider model,
            EigenbasisSolver solver,
            ScoreOptions options) {
        return new InfluenceScorer<>(backend, model, options, ProgressListener.silent())
                .pairwise(solver, files.query(), files.train());
    }

    private static Damping damping(String name) {
        return name.equals("mean0.1") ? Damping.relative(0.1) : Damping.absolute(1e-3);
    }

    /** A provider that tracks one layer. */
    private record OneLayer(CaptureProvider all, LayerSpec layer) implements GradientProvider<CapturedExample> {

        @Override
        public List<LayerSpec> layers() {
            return List.of(layer);
        }

        @Override
        public void capture(
                ExampleBatch<CapturedExample> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
            all.capture(batch, objective, layers, sink);
        }
    }
}
