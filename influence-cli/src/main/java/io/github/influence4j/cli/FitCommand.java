package io.github.influence4j.cli;

import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.lm.text.TextData;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.runs.FitRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code influence fit}. */
@Command(
        name = "fit",
        description = "Fits factors from captures of sampled labels, or from a language model and its text.",
        sortOptions = false)
final class FitCommand implements Callable<Integer> {

    @Mixin
    private final Output output = new Output();

    @Mixin
    private final Batches batches = new Batches();

    @Mixin
    private final LanguageModel model = new LanguageModel();

    @Mixin
    private final Lines lines = new Lines();

    @Mixin
    private final LayerChoice layers = new LayerChoice();

    @Mixin
    private final Fitting fitting = new Fitting();

    @Mixin
    private final Computing computing = new Computing();

    @Option(names = "--captures", paramLabel = "PATH", description = "capture file, or folder of shards")
    private @Nullable Path captures;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "receives the factors")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Option(names = "--resume", description = "take up the unfinished run that DIR holds; begin one if there is none")
    private boolean resume;

    @Override
    public Integer call() throws IOException {
        lines.requireOr(captures, model, output);
        try (ProgressOutput progress = output.progress();
                MatrixBackend started = computing.start(output, computing.precision())) {
            output.print(model.isGiven() ? fitModel(started, progress) : fitCaptures(started, progress));
        }
        return 0;
    }

    private Map<String, Object> fitCaptures(MatrixBackend started, ProgressOutput progress) throws IOException {
        try (CaptureSet set = CaptureSet.open(Objects.requireNonNull(captures))) {
            return result(
                    FitRun.of(started, batches.bound(fitting.options()), set, progress)
                            .run(out, resume),
                    set.size(),
                    started);
        }
    }

    private Map<String, Object> fitModel(MatrixBackend started, ProgressOutput progress) throws IOException {
        try (LanguageModel.Open opened = model.open();
                TextData text = lines.training(opened);
                Decoder decoder = opened.decoder(started, layers.of(opened))) {
            FitOptions bounded = batches.bound(fitting.options().withBatchPositions(LanguageModel.BATCH_POSITIONS));
            FactorStore store = new FitRun<>(started, bounded, decoder, text, progress).run(out, resume);
            Map<String, Object> result = result(store, text.size(), started);
            result.putAll(LanguageModel.counts(text));
            return result;
        }
    }

    private Map<String, Object> result(FactorStore store, long examples, MatrixBackend started) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("factors", out.toString());
        result.put("strategy", store.manifest().strategy().toString());
        result.put("layers", store.manifest().layers().size());
        result.put("examples", examples);
        result.put("backend", started.description());
        return result;
    }
}
