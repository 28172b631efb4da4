package io.github.influence4j.cli;

import io.github.influence4j.ekfac.EigenbasisCurvature;
import io.github.influence4j.ekfac.score.InfluenceScorer;
import io.github.influence4j.ekfac.score.ScoreOptions;
import io.github.influence4j.ekfac.solve.EigenbasisSolver;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.factors.FactorManifest;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.scores.ScoreWriter;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code influence self}. */
@Command(name = "self", description = "Scores every training example for itself.", sortOptions = false)
final class SelfCommand implements Callable<Integer> {

    @Mixin
    private final Output output = new Output();

    @Mixin
    private final Scoring scoring = new Scoring();

    @Override
    public Integer call() throws IOException {
        FactorStore store = FactorStore.open(scoring.factors);
        FactorManifest manifest = store.manifest();
        try (CaptureSet train = CaptureSet.open(scoring.train);
                MatrixBackend backend = Output.backend(
                        scoring.backend,
                        Optional.ofNullable(scoring.precision)
                                .orElse(manifest.provenance().precision()));
                EigenbasisCurvature curvature = store.load(backend);
                EigenbasisSolver solver = curvature.solver(scoring.damping)) {
            CaptureProvider model =
                    CaptureProvider.of(manifest.layers(), manifest.provenance().model(), train);
            new ScoreWriter(scoring.out, scoring.format)
                    .write(new InfluenceScorer<>(backend, model, ScoreOptions.defaults(), output.progress())
                            .self(solver, train));
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("scores", scoring.out.toString());
            result.put("training examples", train.size());
            result.put("damping", solver.damping().lambdas());
            output.print(result);
        }
        return 0;
    }
}
