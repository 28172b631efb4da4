package io.github.influence4j.cli;

import io.github.influence4j.decoder.Adam;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderTraining;
import io.github.influence4j.decoder.DecoderTrainingOptions;
import io.github.influence4j.decoder.TrainedDecoder;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.lm.checkpoint.CheckpointWriter;
import io.github.influence4j.lm.text.TextData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
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

    @Override
    public Integer call() throws IOException {
        lines.require(model, output);
        try (ProgressOutput progress = output.progress();
                MatrixBackend started = computing.start(output, computing.precision());
                LanguageModel.Open opened = model.open();
                CheckpointWriter writer = CheckpointWriter.to(out, opened.checkpoint());
                TextData text = lines.training(opened);
                Decoder decoder = opened.decoder(started, opened.layers("mlp"));
                TrainedDecoder trained = DecoderTraining.train(decoder, text, options(text.size()), progress)) {
            writer.write(trained.model());
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("checkpoint", out.toString());
            result.put("examples", text.size());
            List<Double> losses = trained.losses();
            result.put("steps", losses.size());
            result.put("first loss", losses.get(0));
            result.put("last loss", losses.get(losses.size() - 1));
            result.put("backend", started.description());
            result.putAll(LanguageModel.counts(text));
            output.print(result);
        }
        return 0;
    }

    private DecoderTrainingOptions options(long examples) {
        int steps = Math.toIntExact(Math.multiplyExact(epochs, (examples + batchSize - 1) / batchSize));
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
