package io.github.influence4j.cli;

import io.github.influence4j.decoder.Adam;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderTrainingOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.lm.checkpoint.FinetuneRun;
import io.github.influence4j.lm.text.TextData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code influence finetune}. */
@Command(
        name = "finetune",
        description = "Trains all weights of a language model on lines of text (AdamW), and writes a checkpoint.",
        sortOptions = false)
final class FinetuneCommand implements Callable<Integer> {

    @Mixin
    private final Output output = new Output();

    @Mixin
    private final LanguageModel model = new LanguageModel();

    @Mixin
    private final Lines lines = new Lines();

    @Mixin
    private final Computing computing = new Computing();

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "receives the checkpoint")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Option(
            names = "--epochs",
            paramLabel = "E",
            converter = Batches.CountConverter.class,
            description = "times that each example is seen (default: ${DEFAULT-VALUE})")
    private int epochs = 3;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            converter = Batches.CountConverter.class,
            description = "examples of a step (default: ${DEFAULT-VALUE})")
    private int batchSize = 8;

    @Option(
            names = "--learning-rate",
            paramLabel = "R",
            description = "after the warm-up, of a tenth of the steps (default: ${DEFAULT-VALUE})")
    private double rate = 5e-5;

    @Option(names = "--weight-decay", paramLabel = "D", description = "(default: ${DEFAULT-VALUE})")
    private double decay;

    @Option(names = "--seed", paramLabel = "S", description = "of the examples' order (default: ${DEFAULT-VALUE})")
    private long seed = DecoderTrainingOptions.DEFAULT_SEED;

    @Option(
            names = "--keep-every",
            paramLabel = "STEPS",
            converter = Batches.CountConverter.class,
            description =
                    "steps after which the state is kept for --resume, in three times the bytes of the model (default: an epoch)")
    private @Nullable Integer keepEvery;

    @Option(names = "--resume", description = "take up the unfinished run that DIR holds; begin one if there is none")
    private boolean resume;

    @Override
    public Integer call() throws IOException {
        lines.require(model, output);
        try (ProgressOutput progress = output.progress();
                MatrixBackend started = computing.start(output, computing.precision());
                LanguageModel.Open opened = model.open();
                TextData text = lines.training(opened);
                Decoder decoder = opened.decoder(started, opened.layers("mlp"))) {
            int epoch = Math.toIntExact((text.size() + batchSize - 1) / batchSize);
            int keep = keepEvery == null ? epoch : keepEvery;
            FinetuneRun.Result tuned = new FinetuneRun(
                            opened.checkpoint(), decoder, text, options(epoch), keep, progress)
                    .run(out, resume);
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("checkpoint", out.toString());
            result.put("examples", text.size());
            result.put("steps", tuned.steps());
            result.put("first loss", tuned.firstLoss());
            result.put("last loss", tuned.lastLoss());
            result.put("backend", started.description());
            result.putAll(LanguageModel.counts(text));
            output.print(result);
        }
        return 0;
    }

    private DecoderTrainingOptions options(int epoch) {
        int steps = Math.multiplyExact(epochs, epoch);
        return output.fromCommandLine(() -> DecoderTrainingOptions.defaults()
                .withOptimizer(new Adam(0.9, 0.999, 1e-8))
                .withLearningRate(rate)
                .withWarmup(steps / 10)
                .withWeightDecay(decay)
                .withBatchSize(batchSize)
                .withSteps(steps)
                .withSeed(seed));
    }
}
