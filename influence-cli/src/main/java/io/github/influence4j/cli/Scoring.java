package io.github.influence4j.cli;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.Precision;
import io.github.influence4j.store.scores.ScoreFormat;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that both kinds of scores share. */
final class Scoring {

    @Option(names = "--factors", required = true, paramLabel = "DIR", description = "what influence fit wrote")
    @SuppressWarnings("NullAway.Init") // set by picocli
    Path factors;

    @Option(names = "--train", required = true, paramLabel = "PATH", description = "captures of the training loss")
    @SuppressWarnings("NullAway.Init") // set by picocli
    Path train;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "receives the scores")
    @SuppressWarnings("NullAway.Init") // set by picocli
    Path out;

    @Option(
            names = "--damping",
            converter = DampingConverter.class,
            paramLabel = "LAMBDA",
            description = "0.1x for a tenth of each layer's mean eigenvalue, or 1e-3 for that number (default: 0.1x)")
    Damping damping = Damping.relative(0.1);

    @Option(names = "--format", description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
    ScoreFormat format = ScoreFormat.SAFETENSORS;

    @Option(names = "--backend", paramLabel = "NAME", description = "nd4j or ejml (default: the best that works)")
    @Nullable
    String backend;

    @Option(names = "--precision", description = "${COMPLETION-CANDIDATES} (default: that of the factors)")
    @Nullable
    Precision precision;

    static final class DampingConverter implements ITypeConverter<Damping> {
        @Override
        public Damping convert(String text) {
            try {
                return text.endsWith("x")
                        ? Damping.relative(Double.parseDouble(text.substring(0, text.length() - 1)))
                        : Damping.absolute(Double.parseDouble(text));
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException("must be such as 0.1x or 1e-3, found '" + text + "'");
            }
        }
    }
}
