package io.github.influence4j.cli;

import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that bound batches and memory, for all that compute. */
final class Batches {

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            converter = CountConverter.class,
            description = "training examples per batch, at most (default: 256)")
    private @Nullable Integer size;

    @Option(
            names = "--batch-positions",
            paramLabel = "ROWS",
            converter = CountConverter.class,
            description = "examples times their positions per batch, at most (default: 65536)")
    private @Nullable Integer positions;

    @Option(
            names = "--memory-limit",
            paramLabel = "BYTES",
            converter = BytesConverter.class,
            description =
                    "such as 8g or 512m: most that factors and queries may take (default: a share of what is free)")
    private @Nullable Long memory;

    FitOptions bound(FitOptions options) {
        FitOptions sized = size == null ? options : options.withBatchSize(size);
        FitOptions bounded = positions == null ? sized : sized.withBatchPositions(positions);
        return memory == null ? bounded : bounded.withMemoryLimit(memory);
    }

    ScoreOptions bound(ScoreOptions options) {
        ScoreOptions sized = size == null ? options : options.withBatchSize(size);
        ScoreOptions bounded = positions == null ? sized : sized.withBatchPositions(positions);
        return memory == null ? bounded : bounded.withMemoryLimit(memory);
    }

    static final class CountConverter implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            if (text.matches("[1-9][0-9]{0,8}")) {
                return Integer.valueOf(text);
            }
            throw new TypeConversionException("must be a whole number from 1 to 999999999, found '" + text + "'");
        }
    }

    static final class BytesConverter implements ITypeConverter<Long> {

        private static final Pattern BYTES = Pattern.compile("([1-9][0-9]{0,17})([kmgt]?)");

        @Override
        public Long convert(String text) {
            Matcher matcher = BYTES.matcher(text.toLowerCase(Locale.ROOT));
            if (matcher.matches()) {
                long unit = 1L << 10 * " kmgt".indexOf((matcher.group(2) + " ").charAt(0));
                long count = Long.parseLong(matcher.group(1));
                if (count <= Long.MAX_VALUE / unit) {
                    return count * unit;
                }
            }
            throw new TypeConversionException("must be bytes, such as 8g, 512m or 1000000, found '" + text + "'");
        }
    }
}
