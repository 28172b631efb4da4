package io.github.influence4j.cli;

import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.runs.FitRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code influence fit}. */
@Command(name = "fit", description = "Fits factors from captures of sampled labels.", sortOptions = false)
final class FitCommand implements Callable<Integer> {

    @Mixin
    private final Output output = new Output();

    @Mixin
    private final Batches batches = new Batches();

    @Option(
            names = "--captures",
            required = true,
            paramLabel = "PATH",
            description = "capture file, or folder of shards")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path captures;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "receives the factors")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Option(names = "--strategy", description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
    private Strategy strategy = Strategy.EKFAC;

    @Option(
            names = "--blocks",
            paramLabel = "O",
            converter = Batches.CountConverter.class,
            description = "diagonal blocks of each covariance (default: 1)")
    private int blocks = 1;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            description =
                    "openblas, ejml, or cuda or nd4j where influence-cuda or influence-nd4j is on the class path (default: the best that works)")
    private @Nullable String backend;

    @Option(names = "--precision", description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
    private Precision precision = Precision.FLOAT32;

    @Option(names = "--resume", description = "take up the unfinished run that DIR holds; begin one if there is none")
    private boolean resume;

    @Override
    public Integer call() throws IOException {
        FitOptions options =
                batches.bound(FitOptions.defaults().withStrategy(strategy).withBlocks(blocks));
        try (ProgressOutput progress = output.progress();
                CaptureSet set = CaptureSet.open(captures);
                MatrixBackend started = output.backend(backend, precision)) {
            FactorStore store = FitRun.of(started, options, set, progress).run(out, resume);
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("factors", out.toString());
            result.put("strategy", store.manifest().strategy().toString());
            result.put("layers", store.manifest().layers().size());
            result.put("examples", set.size());
            result.put("backend", started.description());
            output.print(result);
        }
        return 0;
    }
}
