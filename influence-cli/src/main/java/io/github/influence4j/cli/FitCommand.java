package io.github.influence4j.cli;

import io.github.influence4j.api.Precision;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
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

    @Option(names = "--captures", paramLabel = "PATH", description = "capture file, or folder of shards")
    private @Nullable Path captures;

    @Option(names = "--data", paramLabel = "FILE", description = "with --model: lines of JSON")
    private @Nullable Path data;

    @Option(
            names = "--max-examples",
            paramLabel = "N",
            converter = Batches.CountConverter.class,
            description = "with --model: examples, at most: the first of the file (default: all)")
    private int maxExamples = Integer.MAX_VALUE;

    @Option(
            names = "--layers",
            paramLabel = "WHICH",
            description = "with --model: mlp, attention, all, or a pattern with * and ? (default: ${DEFAULT-VALUE})")
    private String layers = "mlp";

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
        if (model.isGiven() ? captures != null || data == null : captures == null || data != null) {
            throw output.wrong("give --captures PATH, or --model DIR with --data FILE");
        }
        try (ProgressOutput progress = output.progress();
                MatrixBackend started = output.backend(backend, precision)) {
            output.print(model.isGiven() ? fitModel(started, progress) : fitCaptures(started, progress));
        }
        return 0;
    }

    private FitOptions options() {
        return FitOptions.defaults().withStrategy(strategy).withBlocks(blocks);
    }

    private Map<String, Object> fitCaptures(MatrixBackend started, ProgressOutput progress) throws IOException {
        try (CaptureSet set = CaptureSet.open(Objects.requireNonNull(captures))) {
            return result(
                    FitRun.of(started, batches.bound(options()), set, progress).run(out, resume), set.size(), started);
        }
    }

    private Map<String, Object> fitModel(MatrixBackend started, ProgressOutput progress) throws IOException {
        try (LanguageModel.Open opened = model.open();
                TextData text = opened.training(Objects.requireNonNull(data), maxExamples);
                Decoder decoder = opened.decoder(started, opened.layers(layers))) {
            FitOptions bounded = batches.bound(options().withBatchPositions(LanguageModel.BATCH_POSITIONS));
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
