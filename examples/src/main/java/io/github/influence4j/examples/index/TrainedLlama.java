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
import java.util.Locale;

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
                .withEpsilon(1e-5)
                .withTied(true)
                .withNaming(Naming.LLAMA);
        Path checkpoint = Files.createDirectories(folder.resolve("checkpoint"));
        Files.writeString(checkpoint.resolve("config.json"), configuration(text.vocabulary(), options));
        Path file = checkpoint.resolve("model.safetensors");
        text.write(folder.resolve("sequences.json"));
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

    /** What transformers needs to read the weights. */
    private static String configuration(int vocabulary, IndexStudyOptions options) {
        return String.format(
                Locale.ROOT,
                """
                {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": %d, "hidden_size": %d,
                 "num_hidden_layers": %d, "num_attention_heads": %d, "num_key_value_heads": %d, "head_dim": %d,
                 "intermediate_size": %d, "max_position_embeddings": %d, "rms_norm_eps": 1e-5, "hidden_act": "silu",
                 "rope_theta": 10000.0, "attention_bias": false, "mlp_bias": false, "tie_word_embeddings": true}
                """,
                vocabulary,
                options.width(),
                options.blocks(),
                options.width() / WIDTH_OF_A_HEAD,
                options.width() / WIDTH_OF_A_HEAD,
                WIDTH_OF_A_HEAD,
                options.width() * 11 / 4,
                TextWindows.LENGTH);
    }

    @Override
    public int part() {
        return 1_000;
    }
}
