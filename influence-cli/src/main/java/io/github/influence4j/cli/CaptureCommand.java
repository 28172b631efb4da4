package io.github.influence4j.cli;

import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.lm.text.TextData;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code influence capture}. */
@Command(name = "capture", description = "Writes captures of a language model for lines of text.", sortOptions = false)
final class CaptureCommand implements Callable<Integer> {

    /** Examples of a shard, whose captures of all layers are held while it is written. */
    private static final int SHARD = 16;

    @Mixin
    private final Output output = new Output();

    @Mixin
    private final LanguageModel model = new LanguageModel();

    @Option(names = "--data", required = true, paramLabel = "FILE", description = "lines of JSON")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path data;

    @Option(names = "--objective", required = true, description = "${COMPLETION-CANDIDATES}: what to capture")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CaptureObjective objective;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "receives the captures")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Option(
            names = "--max-examples",
            paramLabel = "N",
            converter = Batches.CountConverter.class,
            description = "examples, at most: the first of the file (default: all)")
    private int maxExamples = Integer.MAX_VALUE;

    @Option(
            names = "--only",
            paramLabel = "FILE",
            description = "capture the examples that influence candidates found, or {\"ids\": [...]}")
    private @Nullable Path only;

    @Option(
            names = "--layers",
            paramLabel = "WHICH",
            description = "mlp, attention, all, or a pattern with * and ? (default: ${DEFAULT-VALUE})")
    private String layers = "mlp";

    @Option(names = "--seed", paramLabel = "S", description = "of sampled labels (default: ${DEFAULT-VALUE})")
    private long seed = FisherLabels.DEFAULT_SEED;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            converter = Batches.CountConverter.class,
            description = "examples of a file (default: 16)")
    private int shard = SHARD;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            description =
                    "openblas, ejml, or cuda or nd4j where influence-cuda or influence-nd4j is on the class path (default: the best that works)")
    private @Nullable String backend;

    @Option(names = "--precision", description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
    private Precision precision = Precision.FLOAT32;

    @Option(names = "--resume", description = "leave the complete files that DIR holds; begin if there are none")
    private boolean resume;

    @Override
    public Integer call() throws IOException {
        if (!model.isGiven()) {
            throw output.wrong("give --model DIR");
        }
        try (MatrixBackend started = output.backend(backend, precision);
                LanguageModel.Open opened = model.open();
                TextData text = objective == CaptureObjective.MEASUREMENT
                        ? opened.questions(data)
                        : opened.training(data, maxExamples);
                Decoder decoder = opened.decoder(started, opened.layers(layers))) {
            TensorType type = precision == Precision.FLOAT32 ? TensorType.F32 : TensorType.F64;
            CaptureWriter.export(
                    decoder,
                    only == null ? text : Candidates.read(only).of(text),
                    objective(),
                    type,
                    shard,
                    out,
                    resume);
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("captures", out.toString());
            result.put("objective", objective.word());
            result.put("layers", decoder.layers().size());
            result.put(
                    "examples",
                    only == null ? text.size() : Candidates.read(only).all().size());
            result.put("backend", started.description());
            result.putAll(LanguageModel.counts(text));
            output.print(result);
        }
        return 0;
    }

    private Objective objective() {
        return switch (objective) {
            case SAMPLED -> new Objective.SampledLabels(seed);
            case TRAINING -> new Objective.TrainingLoss();
            case MEASUREMENT -> new Objective.Measurement();
        };
    }
}
