package io.github.influence4j.store;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
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
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.factors.ForeignFactors;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

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

    /** Types of the files, and partitions that nobody has added up; also after a way through files of ours. */
    @ParameterizedTest
    @ValueSource(strings = {"f32", "bf16", "f16", "data", "modules", "both"})
    void itsFactorsOfEveryKindGiveItsScores(String kind) throws IOException {
        ForeignFactors foreign = ForeignFactors.kronfluence(golden("kinds/" + kind));
        assertEquals(Set.of("first", "second"), foreign.layerNames());
        boolean wide = Set.of("data", "modules", "both").contains(kind);
        assertEquals(wide ? Precision.FLOAT64 : Precision.FLOAT32, foreign.precision());
        Path own = folder.resolve("own");
        try (Curvature curvature = foreign.store(model.layers(), BACKEND).load(BACKEND)) {
            checkPairwise(curvature, golden("kinds/" + kind + "/scores.safetensors"));
            FactorStore.save(own, curvature);
        }
        FactorStore store = FactorStore.open(own);
        assertEquals(sampled.size(), store.manifest().provenance().counts().get("examples"));
        try (Curvature curvature = store.load(BACKEND)) {
            checkPairwise(curvature, golden("kinds/" + kind + "/scores.safetensors"));
        }
    }

    @Test
    void whatIsMissingIsNamed() throws IOException {
        Path copy = Files.createDirectory(folder.resolve("copy"));
        try (Stream<Path> files = Files.list(golden("kinds/both"))) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        String part = "lambda_matrix_data_partition1_module_partition0.safetensors";
        Files.delete(copy.resolve(part));
        assertRefused("holds no " + part + "; have kronfluence write it with fit_lambda_matrices", copy);
        // both partitions of the data, but each of the same modules
        Files.copy(copy.resolve("lambda_matrix_data_partition1_module_partition1.safetensors"), copy.resolve(part));
        MalformedFileException half = assertThrows(MalformedFileException.class, () -> ForeignFactors.kronfluence(copy)
                .store(model.layers(), BACKEND)
                .load(BACKEND));
        assertTrue(half.toString().contains("of the 2 parts of lambda_matrix"), half.toString());
        Files.delete(copy.resolve("gradient_eigenvalues.safetensors"));
        assertRefused("have kronfluence write it with perform_eigendecomposition", copy);
        assertRefused("give a folder factors_NAME", Files.createDirectory(folder.resolve("empty")));
        Files.createDirectory(folder.resolve("empty/factors_ekfac"));
        assertRefused("give one of the folders in it, such as \"factors_ekfac\"", folder.resolve("empty"));
        Path pickles = Files.createDirectory(folder.resolve("pickles"));
        Files.copy(copy.resolve("factor_arguments.json"), pickles.resolve("factor_arguments.json"));
        Files.writeString(pickles.resolve("lambda_matrix.pt"), "PK");
        assertRefused("\"lambda_matrix.pt\": a pickle", pickles);
        LayerSpec other = LayerSpec.dense("third", 5, 6);
        String none = assertThrows(MalformedFileException.class, () -> ForeignFactors.kronfluence(golden("kinds/f32"))
                        .store(List.of(other), BACKEND))
                .toString();
        assertTrue(none.contains("holds no factors of layer \"third\"; there are those of [first, second]"), none);
    }

    private static void assertRefused(String message, Path factors) {
        String said = assertThrows(MalformedFileException.class, () -> ForeignFactors.kronfluence(factors))
                .toString();
        assertTrue(said.contains(message), said);
    }

    private void checkPairwise(Curvature curvature, Path scores) throws IOException {
        ScoreOptions options = ScoreOptions.defaults().withPerLayer(true);
        InfluenceScorer<CapturedExample> scorer =
                new InfluenceScorer<>(BACKEND, model, options, ProgressListener.silent());
        try (EigenbasisSolver solver = EigenbasisCurvature.require(curvature).solver(Damping.relative(0.1));
                SafetensorsFile pairwise = SafetensorsFile.open(scores)) {
            InfluenceScores found = scorer.pairwise(solver, queries, training);
            for (String layer : found.layers()) {
                assertClose(pairwise.matrix(layer), found.layer(layer), Tolerances.PARITY_FLOAT64, layer);
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
