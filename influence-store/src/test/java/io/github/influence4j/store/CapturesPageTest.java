package io.github.influence4j.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.scores.ScoreFormat;
import io.github.influence4j.store.scores.ScoreWriter;
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
            try (EigenbasisCurvature curvature = EigenbasisApproximator.<CapturedExample>ekfac(backend)
                            .fit(model, fit);
                    EigenbasisSolver solver = curvature.solver(Damping.relative(0.1))) {
                FactorStore.save(folder.resolve("factors"), curvature);
                InfluenceScores scores = new InfluenceScorer<>(backend, model).pairwise(solver, queries, train);
                new ScoreWriter(folder.resolve("scores"), ScoreFormat.CSV).write(scores);
            }
        }
    }
}
