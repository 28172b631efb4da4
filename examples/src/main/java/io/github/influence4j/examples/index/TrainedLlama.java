package io.github.influence4j.examples.index;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.decoder.Activation;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.decoder.DecoderTraining;
import io.github.influence4j.decoder.DecoderTrainingOptions;
import io.github.influence4j.decoder.Naming;
import io.github.influence4j.decoder.RotaryPositions;
import io.github.influence4j.decoder.TrainedDecoder;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.text.token.SubwordTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A Llama that is trained on the text, in 512 kinds of short tokens, so that the text makes 10,000 sequences; all matrices of its blocks are tracked. */
record TrainedLlama() implements StudiedModel {

    static final int BATCH = 32;

    private static final int WIDTH_OF_A_HEAD = 16;
    private static final int VOCABULARY = 512;

    @Override
    public TextWindows text(IndexStudyOptions options) {
        SubwordTokenizer tokenizer = SubwordTokenizer.ofCorpus(TextWindows.texts(), VOCABULARY);
        return TextWindows.of(options, tokenizer::encode, tokenizer.size());
    }

    @Override
    public Decoder decoder(
            IndexStudyOptions options, TextWindows text, Path folder, MatrixBackend backend, ProgressListener progress)
            throws IOException {
        DecoderShape shape = DecoderShape.of(
                        text.vocabulary(),
                        TextWindows.LENGTH,
                        options.blocks(),
                        options.width(),
                        options.width() / WIDTH_OF_A_HEAD)
                .withHidden(options.width() * 11 / 4)
                .withGate(true)
                .withActivation(Activation.SILU)
                .withRotary(RotaryPositions.of(10_000, WIDTH_OF_A_HEAD))
                .withBiases(false, false, false)
                .withTied(true)
                .withNaming(Naming.LLAMA);
        Path file = folder.resolve("model.safetensors");
        ModelFile weights = new ModelFile(file, shape);
        if (!Files.exists(file)) {
            int steps = Math.max(1, options.epochs() * text.train().size() / BATCH);
            DecoderTrainingOptions training = DecoderTrainingOptions.defaults()
                    .withBatchSize(BATCH)
                    .withSteps(steps)
                    .withWarmup(Math.min(100, steps / 2))
                    .withSeed(options.seed());
            try (Decoder untrained = Decoder.create(backend, shape, options.seed());
                    TrainedDecoder trained =
                            DecoderTraining.train(untrained, ExampleSource.of(text.train()), training, progress)) {
                weights.write(trained.model());
            }
        }
        return weights.read(backend);
    }

    @Override
    public int part() {
        return 1_000;
    }
}
