package io.github.influence4j.cli;

import io.github.influence4j.ekfac.EigenbasisCurvature;
import io.github.influence4j.ekfac.score.InfluenceScorer;
import io.github.influence4j.ekfac.score.ScoreOptions;
import io.github.influence4j.ekfac.solve.EigenbasisSolver;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.factors.FactorManifest;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.scores.ScoreWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code influence score}. */
@Command(name = "score", description = "Scores every training example for every query.", sortOptions = false)
final class ScoreCommand implements Callable<Integer> {

    @Mixin
    private final Output output = new Output();

    @Mixin
    private final Scoring scoring = new Scoring();

    @Option(names = "--queries", required = true, paramLabel = "PATH", description = "captures of the measurement")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path queries;

    @Option(names = "--rank", paramLabel = "R", description = "cut preconditioned queries to this rank")
    private @Nullable Integer rank;

    @Option(names = "--per-layer", description = "keep the part of each layer")
    private boolean perLayer;

    @Option(names = "--per-token", description = "keep the part of each training token")
    private boolean perToken;

    @Option(names = "--top-k", paramLabel = "K", description = "keep the K best and worst of each query only")
    private @Nullable Integer topK;

    @Override
    public Integer call() throws IOException {
        ScoreOptions options = ScoreOptions.defaults().withPerLayer(perLayer).withPerToken(perToken);
        if (rank != null) {
            options = options.withRank(rank);
        }
        FactorStore store = FactorStore.open(scoring.factors);
        FactorManifest manifest = store.manifest();
        ScoreWriter writer = new ScoreWriter(scoring.out, scoring.format);
        try (CaptureSet train = CaptureSet.open(scoring.train);
                CaptureSet asked = CaptureSet.open(queries);
                MatrixBackend backend = Output.backend(
                        scoring.backend,
                        Optional.ofNullable(scoring.precision)
                                .orElse(manifest.provenance().precision()));
                EigenbasisCurvature curvature = store.load(backend);
                EigenbasisSolver solver = curvature.solver(scoring.damping)) {
            CaptureProvider model =
                    CaptureProvider.of(manifest.layers(), manifest.provenance().model(), train, asked);
            InfluenceScorer<CapturedExample> scorer = new InfluenceScorer<>(backend, model, options, output.progress());
            if (topK != null) {
                writer.write(scorer.topK(solver, asked, train, topK));
            } else {
                writer.write(scorer.pairwise(solver, asked, train));
            }
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("scores", scoring.out.toString());
            result.put("queries", asked.size());
            result.put("training examples", train.size());
            result.put("damping", solver.damping().lambdas());
            output.print(result);
        }
        return 0;
    }
}
