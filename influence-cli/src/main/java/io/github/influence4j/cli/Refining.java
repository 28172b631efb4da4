package io.github.influence4j.cli;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.iterative.Astra;
import io.github.influence4j.baselines.iterative.AstraOptions;
import io.github.influence4j.baselines.iterative.ConjugateGradient;
import io.github.influence4j.baselines.iterative.ConjugateGradientOptions;
import io.github.influence4j.baselines.iterative.HessianRootProduct;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.runs.Refinement;
import io.github.influence4j.store.runs.ScoreRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that improve on the factors' solution from captures of sampled labels, without the model. */
final class Refining {

    /** What improves. */
    enum Method {
        CG,
        ASTRA
    }

    private static final int ITERATIONS = 100;
    private static final double TOLERANCE = 1e-6;

    /** Most bytes of a batch's captures. */
    private static final double CAPTURES = 1L << 30;

    @Option(
            names = "--refine",
            completionCandidates = Words.Refinements.class,
            paramLabel = "METHOD",
            description =
                    "improve on the factors' solution by iterations over --fit-captures: ${COMPLETION-CANDIDATES}")
    private @Nullable Method method;

    @Option(
            names = "--fit-captures",
            paramLabel = "PATH",
            description = "captures of sampled labels that --refine multiplies with")
    private @Nullable Path captures;

    @Option(
            names = "--iterations",
            paramLabel = "N",
            converter = Batches.CountConverter.class,
            description = "most iterations of --refine (default: 100)")
    private @Nullable Integer iterations;

    @Option(
            names = "--tolerance",
            paramLabel = "R",
            description = "relative residual at which --refine cg stops (default: 1e-6)")
    private @Nullable Double tolerance;

    /** Captures that are open while a run is refined. */
    interface Work<T> {
        T with(Optional<Refinement> refinement) throws IOException;
    }

    /** Opens what is needed, if anything is to be refined. */
    <E, T> T open(Output output, ScoreRun<E> run, ProgressListener progress, Work<T> work) throws IOException {
        Method chosen = method;
        Path path = captures;
        if ((chosen == null) != (path == null)) {
            throw output.wrong("--refine and --fit-captures belong together: give both, or none");
        }
        if (chosen == Method.ASTRA && tolerance != null) {
            throw output.wrong("--tolerance is of --refine cg: ASTRA takes as many --iterations as it is told");
        }
        if (chosen == null || path == null) {
            return work.with(Optional.empty());
        }
        try (CaptureSet set = CaptureSet.open(path)) {
            CaptureProvider.requireObjective(set, CaptureObjective.SAMPLED);
            CaptureProvider provider = CaptureProvider.of(
                    run.factors().manifest().layers(),
                    run.factors().manifest().provenance().model(),
                    set);
            try (HessianRootProduct<CapturedExample> product =
                    HessianRootProduct.ofSampledLabels(run.backend(), provider, new Objective.SampledLabels(0), 1)) {
                return work.with(Optional.of(refinement(chosen, run, product, set, progress)));
            }
        }
    }

    private Refinement refinement(
            Method chosen,
            ScoreRun<?> run,
            HessianRootProduct<CapturedExample> product,
            CaptureSet set,
            ProgressListener progress) {
        int batch = batchSize(set, run.options().batchSize());
        int most = iterations == null ? ITERATIONS : iterations;
        if (chosen == Method.CG) {
            ConjugateGradientOptions options = ConjugateGradientOptions.defaults()
                    .withBatchSize(batch)
                    .withMaxIterations(most)
                    .withTolerance(tolerance == null ? TOLERANCE : tolerance);
            return new Refinement(options.toString(), set, (factors, solves) -> ConjugateGradient.on(run.backend())
                    .preconditionedBy(factors)
                    .with(options)
                    .reporting(progress)
                    .keeping(solves)
                    .curvature(product, set));
        }
        AstraOptions options = AstraOptions.defaults().withBatchSize(batch).withIterations(most);
        return new Refinement(options.toString(), set, (factors, solves) -> Astra.on(run.backend(), factors)
                .with(options)
                .reporting(progress)
                .keeping(solves)
                .curvature(product, set));
    }

    /** Examples whose captures of all layers, which are held in float64 at once, take at most {@link #CAPTURES}. */
    private static int batchSize(CaptureSet set, int most) {
        double example = 0;
        for (int l = 0; l < set.layers().size(); l++) {
            LayerSpec layer = set.layers().get(l);
            example += (double) Double.BYTES * set.positions(l) * (layer.gradientColumns() + layer.outputs());
        }
        return (int) Math.max(1, Math.min(most, CAPTURES / example));
    }
}
