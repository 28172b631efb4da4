package io.github.influence4j.cli;

import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.lm.text.TextData;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.PartedData;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
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

    @Mixin
    private final Lines lines = new Lines();

    @Mixin
    private final Only only = new Only();

    @Mixin
    private final LayerChoice layers = new LayerChoice();

    @Mixin
    private final Computing computing = new Computing();

    @Option(
            names = "--objective",
            required = true,
            paramLabel = "WHAT",
            completionCandidates = Words.Objectives.class,
            description = "${COMPLETION-CANDIDATES}: what to capture")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CaptureObjective objective;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "receives the captures")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Option(names = "--seed", paramLabel = "S", description = "of sampled labels (default: ${DEFAULT-VALUE})")
    private long seed = FisherLabels.DEFAULT_SEED;

    @Option(
            names = "--draws",
            paramLabel = "D",
            converter = Batches.CountConverter.class,
            description =
                    "of sampled labels, for each example: fit and score --refine take the mean over examples and draws (default:"
                            + " ${DEFAULT-VALUE})")
    private int draws = 1;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            converter = Batches.CountConverter.class,
            description = "examples of a file (default: 16)")
    private int shard = SHARD;

    @Option(names = "--resume", description = "leave the complete files that DIR holds; begin if there are none")
    private boolean resume;

    @Override
    public Integer call() throws IOException {
        lines.require(model, output);
        if (output.isGiven("--seed") && objective != CaptureObjective.SAMPLED) {
            throw output.wrong("--seed is of --objective sampled: there is nothing to draw for " + objective.word());
        }
        if (draws > 1 && objective != CaptureObjective.SAMPLED) {
            throw output.wrong("--draws is of --objective sampled: there is nothing to draw for " + objective.word());
        }
        try (MatrixBackend started = computing.start(output, computing.precision());
                LanguageModel.Open opened = model.open();
                TextData text =
                        objective == CaptureObjective.MEASUREMENT ? lines.questions(opened) : lines.training(opened);
                Decoder decoder = opened.decoder(started, layers.of(opened))) {
            TensorType type = computing.precision() == Precision.FLOAT32 ? TensorType.F32 : TensorType.F64;
            Optional<Candidates> candidates = only.candidates();
            PartedData<TokenSequence> chosen =
                    candidates.isPresent() ? candidates.get().of(text) : text;
            if (draws > 1) {
                CaptureWriter.exportDraws(decoder, chosen, seed, draws, type, shard, out, resume);
            } else {
                CaptureWriter.export(decoder, chosen, objective(), type, shard, out, resume);
            }
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("captures", out.toString());
            result.put("objective", objective.word());
            result.put("layers", decoder.layers().size());
            result.put("examples", chosen.size());
            if (draws > 1) {
                result.put("draws", draws);
            }
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
