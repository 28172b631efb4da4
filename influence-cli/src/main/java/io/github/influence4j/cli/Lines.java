package io.github.influence4j.cli;

import io.github.influence4j.lm.text.TextData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say which lines of text a language model reads. */
final class Lines {

    @Option(names = "--data", paramLabel = "FILE", description = "lines of JSON, with --model")
    private @Nullable Path data;

    @Option(
            names = "--max-examples",
            paramLabel = "N",
            converter = Batches.CountConverter.class,
            description = "with --data: examples, at most: the first of the file (default: all)")
    private int maxExamples = Integer.MAX_VALUE;

    boolean areGiven() {
        return data != null;
    }

    /** Refuses a command line without a model or without lines. */
    void require(LanguageModel model, Output output) {
        if (!model.isGiven() || data == null) {
            throw output.wrong("give --model DIR and --data FILE");
        }
    }

    /** Refuses a command line that has not either captures, or a model and lines. */
    void requireOr(@Nullable Path captures, LanguageModel model, Output output) {
        if (model.isGiven() ? captures != null || data == null : captures == null || data != null) {
            throw output.wrong("give --captures PATH, or --model DIR with --data FILE");
        }
    }

    TextData training(LanguageModel.Open model) throws IOException {
        return model.training(Objects.requireNonNull(data), maxExamples);
    }

    TextData questions(LanguageModel.Open model) throws IOException {
        return model.questions(Objects.requireNonNull(data));
    }
}
