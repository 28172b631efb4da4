package io.github.influence4j.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.scores.ScoreFormat;
import io.github.influence4j.store.scores.ScoreWriter;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java code of {@code docs/captures.md}. */
class CapturesPageTest {

    @TempDir
    private Path folder;

    @Test
    void runs() throws IOException {
        for (Map.Entry<String, String> set :
                Map.of("fit", "pseudo", "train", "train", "queries", "query").entrySet()) {
            Path shards = Files.createDirectory(folder.resolve(set.getKey()));
            Files.copy(ParityFiles.path("mlp/" + set.getValue()), shards.resolve("0.safetensors"));
        }
        score(Backends.EJML, folder);
        assertEquals(
                1 + 6 * 59,
                Files.readAllLines(folder.resolve("scores/pairwise_scores.csv")).size());
    }

    private static void score(MatrixBackend backend, Path folder) throws IOException {
        try (CaptureSet fit = CaptureSet.open(folder.resolve("fit"));
                CaptureSet train = CaptureSet.open(folder.resolve("train"));
                CaptureSet queries = CaptureSet.open(folder.resolve("queries"))) {
            CaptureProvider model = CaptureProvider.of(fit, train, queries);
            try (FittedCurvature<CapturedExample> ekfac = Ekfac.on(backend).fit(model, fit)) {
                FactorStore.save(folder.resolve("factors"), ekfac);
                InfluenceScores scores = ekfac.damped(Damping.DEFAULT).pairwise(queries, train);
                new ScoreWriter(folder.resolve("scores"), ScoreFormat.CSV).write(scores);
            }
        }
    }

    @Test
    void savedFactorsScoreAsFittedOnesAndOnlyWithTheirModel() throws IOException {
        try (CaptureSet fit = CaptureSet.open(ParityFiles.path("mlp/pseudo"));
                CaptureSet train = CaptureSet.open(ParityFiles.path("mlp/train"))) {
            CaptureProvider model = CaptureProvider.of(fit, train);
            try (FittedCurvature<CapturedExample> ekfac =
                    Ekfac.on(Backends.EJML).fit(model, fit)) {
                FactorStore store = FactorStore.save(folder.resolve("factors"), ekfac);
                try (FittedCurvature<CapturedExample> loaded = store.load(Backends.EJML, model)) {
                    MatrixAssert.assertClose(
                            ekfac.damped(Damping.DEFAULT).selfInfluence(train).scores(),
                            loaded.damped(Damping.DEFAULT).selfInfluence(train).scores(),
                            Tolerances.REORDERED_FLOAT64,
                            "self-influence");
                }
                GradientProvider<CapturedExample> fewer =
                        model.only(model.layers().subList(0, 1));
                IllegalArgumentException refused =
                        assertThrows(IllegalArgumentException.class, () -> store.load(Backends.EJML, fewer));
                assertTrue(String.valueOf(refused.getMessage()).contains("the factors are of layers"));
            }
        }
    }
}
