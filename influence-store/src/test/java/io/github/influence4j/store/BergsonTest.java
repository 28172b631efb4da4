package io.github.influence4j.store;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.factors.ForeignFactors;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Factors that bergson wrote (see {@code resources/bergson}) give the scores of its own solution. */
class BergsonTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path folder;

    private static Path golden(String name) throws URISyntaxException {
        return Path.of(Objects.requireNonNull(BergsonTest.class.getResource("/bergson/" + name), name)
                .toURI());
    }

    @ParameterizedTest
    @CsvSource({"ekfac, ekfac", "shards, ekfac", "kfac, kfac"})
    void itsFactorsGiveItsScores(String kind, String scores) throws IOException, URISyntaxException {
        ForeignFactors foreign = ForeignFactors.bergson(golden(kind));
        assertEquals(scores.equals("kfac") ? Strategy.KFAC : Strategy.EKFAC, foreign.strategy());
        try (CaptureSet training = CaptureSet.open(golden("training.safetensors"));
                CaptureSet queries = CaptureSet.open(golden("queries.safetensors"));
                SafetensorsFile expected = SafetensorsFile.open(golden("scores_" + scores + ".safetensors"));
                Curvature curvature = foreign.store(training.layers(), Backends.OPENBLAS_FLOAT64)
                        .load(Backends.OPENBLAS_FLOAT64);
                EigenbasisSolver solver = EigenbasisCurvature.require(curvature).solver(Damping.relative(0.1))) {
            CaptureProvider model = CaptureProvider.of(training, queries);
            InfluenceScores found = new InfluenceScorer<CapturedExample>(
                            Backends.OPENBLAS_FLOAT64,
                            model,
                            ScoreOptions.defaults().withPerLayer(true),
                            ProgressListener.silent())
                    .pairwise(solver, queries, training);
            for (String layer : expected.names()) {
                assertClose(expected.matrix(layer), found.layer(layer), Tolerances.PARITY_FLOAT32, layer);
            }
        }
    }

    @Test
    void whatIsMissingIsNamed() throws IOException, URISyntaxException {
        assertRefused("give the folder of a run of bergson hessian", folder);
        Path kind = Files.createDirectory(folder.resolve("eigen_activation_sharded"));
        Path shard = golden("shards/eigen_activation_sharded/shard_1.safetensors");
        Files.copy(shard, kind.resolve("shard_1.safetensors"));
        assertRefused("lacks shard_0.safetensors", folder);
        Files.delete(kind.resolve("shard_1.safetensors"));
        Files.copy(golden("ekfac/total_processed.pt"), kind.resolve("shard_0.pt"));
        assertRefused("\"shard_0.pt\": a pickle", folder);
        Files.move(kind.resolve("shard_0.pt"), kind.resolve("shard_0.safetensors"));
        assertRefused("is a pickle, a program that could do anything", folder);
    }

    private static void assertRefused(String message, Path factors) {
        String said = assertThrows(MalformedFileException.class, () -> ForeignFactors.bergson(factors))
                .toString();
        assertTrue(said.contains(message), said);
    }
}
