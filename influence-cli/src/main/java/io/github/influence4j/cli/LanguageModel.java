package io.github.influence4j.cli;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.lm.checkpoint.Checkpoint;
import io.github.influence4j.lm.checkpoint.LayerSelection;
import io.github.influence4j.lm.text.ModelTokenizer;
import io.github.influence4j.lm.text.TextData;
import io.github.influence4j.lm.text.TextOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of commands that take a language model and its text. */
final class LanguageModel {

    /** Examples times positions of a batch, unless the user says otherwise: the model holds what all its layers did. */
    static final int BATCH_POSITIONS = 2048;

    private static final int DEFAULT_LENGTH = 1024;

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description =
                    "checkpoint as it is downloaded, or a GGUF file: takes lines of JSON in the place of captures")
    private @Nullable Path model;

    @Option(
            names = "--max-length",
            paramLabel = "T",
            converter = Batches.CountConverter.class,
            description =
                    "with --model: tokens of an example, at most (default: 1024, or the model's context if that is less)")
    private @Nullable Integer length;

    /** Whether there is a model. */
    boolean isGiven() {
        return model != null;
    }

    /** Opens the checkpoint, without its weights. */
    Open open() throws IOException {
        Checkpoint checkpoint = Checkpoint.open(Objects.requireNonNull(model));
        try {
            return new Open(checkpoint, checkpoint.tokenizer(), length(checkpoint.shape()));
        } catch (IOException | RuntimeException | Error e) {
            checkpoint.close();
            throw e;
        }
    }

    private int length(DecoderShape shape) {
        if (length == null) {
            return Math.min(DEFAULT_LENGTH, shape.context());
        }
        if (length > shape.context()) {
            throw new IllegalArgumentException(
                    model + ": the model reads at most " + shape.context() + " tokens, --max-length is " + length);
        }
        return length;
    }

    /** A checkpoint with its tokeniser, if there is one. */
    record Open(Checkpoint checkpoint, Optional<ModelTokenizer> tokenizer, int length) implements AutoCloseable {

        TextData training(Path file, int most) throws IOException {
            TextOptions options = TextOptions.training(checkpoint.shape().vocabulary(), length);
            return TextData.open(file, tokenizer, options.withMaxExamples(most));
        }

        TextData questions(Path file) throws IOException {
            return TextData.open(
                    file, tokenizer, TextOptions.questions(checkpoint.shape().vocabulary(), length));
        }

        List<LayerSpec> layers(String word) {
            return LayerSelection.of(checkpoint.shape(), word);
        }

        List<List<String>> sharedInputs(List<LayerSpec> layers) {
            return Decoder.sharedInputsOf(
                    checkpoint.shape(), layers.stream().map(LayerSpec::name).toList());
        }

        Decoder decoder(MatrixBackend backend, List<LayerSpec> layers) {
            return checkpoint.decoder(
                    backend, layers.stream().map(LayerSpec::name).toList());
        }

        @Override
        public void close() throws IOException {
            tokenizer.ifPresent(ModelTokenizer::close);
            checkpoint.close();
        }
    }

    /** What became of the lines, for the result. */
    static Map<String, Object> counts(TextData data) {
        Map<String, Object> counts = new LinkedHashMap<>();
        counts.put("lines", data.counts().lines());
        counts.put("lines cut to the length", data.counts().truncated());
        counts.put("lines left out", data.counts().skipped());
        return counts;
    }
}
