package io.github.influence4j.store;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Matrix;
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
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Factors and scores that kronfluence wrote (see {@code resources/kronfluence}), and factors that it reads. */
class KronfluenceTest {

    private static final MatrixBackend BACKEND = Backends.OPENBLAS_FLOAT64;

    @TempDir
    private Path folder;

    private CaptureSet sampled;
    private CaptureSet training;
    private CaptureSet queries;
    private CaptureProvider model;

    @BeforeEach
    void open() throws IOException {
        sampled = CaptureSet.open(golden("sampled.safetensors"));
        training = CaptureSet.open(golden("training.safetensors"));
        queries = CaptureSet.open(golden("measurement.safetensors"));
        model = CaptureProvider.of(sampled, training, queries);
    }

    @AfterEach
    void close() throws IOException {
        sampled.close();
        training.close();
        queries.close();
    }

    private static Path golden(String name) {
        try {
            return Path.of(Objects.requireNonNull(KronfluenceTest.class.getResource("/kronfluence/" + name), name)
                    .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String word(Strategy strategy) {
        return strategy.name().toLowerCase(Locale.ROOT);
    }

    private EigenbasisCurvature fit(Strategy strategy) {
        return EigenbasisApproximator.<CapturedExample>of(
                        BACKEND, FitOptions.defaults().withStrategy(strategy))
                .fit(model, sampled);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "GRADIENT_BASIS") // kronfluence has none
    void itsFactorsGiveItsScores(Strategy strategy) throws IOException {
        FactorStore store = FactorStore.openKronfluence(golden("factors_" + word(strategy)), model.layers(), BACKEND);
        assertEquals(strategy, store.manifest().strategy());
        try (EigenbasisCurvature curvature = EigenbasisCurvature.require(store.load(BACKEND))) {
            checkScores(curvature, strategy);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "GRADIENT_BASIS") // kronfluence has none
    void ourFactorsGiveItsScores(Strategy strategy) throws IOException {
        try (EigenbasisCurvature curvature = fit(strategy)) {
            checkScores(curvature, strategy);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "GRADIENT_BASIS") // kronfluence has none
    void itScoresWithOurFactors(Strategy strategy) throws IOException, InterruptedException {
        String kronfluence = Python.required("influence.test.kronfluence");
        Path factors = folder.resolve("factors");
        try (EigenbasisCurvature curvature = fit(strategy)) {
            FactorStore.save(factors, curvature);
        }
        Python.run(
                folder,
                Path.of("src/test/python/kronfluence_exchange.py"),
                "score",
                kronfluence,
                word(strategy),
                factors.toString(),
                folder.toString());
        for (String scores : new String[] {"pairwise_scores", "self_scores"}) {
            try (SafetensorsFile expected =
                            SafetensorsFile.open(golden("scores_" + word(strategy) + "/" + scores + ".safetensors"));
                    SafetensorsFile found = SafetensorsFile.open(folder.resolve(scores + ".safetensors"))) {
                for (String layer : expected.names()) {
                    assertClose(expected.matrix(layer), found.matrix(layer), Tolerances.PARITY_FLOAT64, layer);
                }
            }
        }
    }

    private void checkScores(EigenbasisCurvature curvature, Strategy strategy) throws IOException {
        ScoreOptions options = ScoreOptions.defaults().withPerLayer(true);
        InfluenceScorer<CapturedExample> scorer =
                new InfluenceScorer<>(BACKEND, model, options, ProgressListener.silent());
        Path scores = golden("scores_" + word(strategy));
        try (EigenbasisSolver solver = curvature.solver(Damping.relative(0.1));
                SafetensorsFile pairwise = SafetensorsFile.open(scores.resolve("pairwise_scores.safetensors"));
                SafetensorsFile self = SafetensorsFile.open(scores.resolve("self_scores.safetensors"))) {
            InfluenceScores found = scorer.pairwise(solver, queries, training);
            SelfInfluence foundSelf = scorer.self(solver, training);
            for (String layer : found.layers()) {
                assertClose(pairwise.matrix(layer), found.layer(layer), Tolerances.PARITY_FLOAT64, layer);
                double[] row = foundSelf.layer(layer);
                assertClose(
                        self.matrix(layer), Matrix.of(row, 1, row.length), Tolerances.PARITY_FLOAT64, "self " + layer);
            }
        }
    }
}
