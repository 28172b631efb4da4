package io.github.influence4j.cli;

import io.github.influence4j.index.IndexOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say what an index keeps, and how much of it. */
final class IndexSize {

    /** What an index keeps. */
    enum Section {
        SIGNS,
        COORDINATES,
        BOTH
    }

    @Option(
            names = "--section",
            completionCandidates = Words.BuiltSections.class,
            paramLabel = "WHAT",
            description = "${COMPLETION-CANDIDATES}: signs find the best, coordinates order all (default: signs)")
    private @Nullable Section section;

    @Option(
            names = "--percent",
            paramLabel = "P",
            description =
                    "size of an example's signs as percent of its gradient in float32, at most 3.1 (default: 0.25); with"
                            + " --section coordinates that of the coordinates")
    private @Nullable Double percent;

    @Option(
            names = "--bytes",
            paramLabel = "BYTES",
            converter = Batches.BytesConverter.class,
            description = "the same size in bytes, in place of --percent")
    private @Nullable Long bytes;

    @Option(
            names = "--coordinates-percent",
            paramLabel = "P",
            description =
                    "size of an example's coordinates as percent of its gradient in float32, at most 12.5 (default: 1)")
    private @Nullable Double coordinatesPercent;

    @Option(
            names = "--seed",
            paramLabel = "S",
            description = "of the projections (default: " + IndexOptions.DEFAULT_SEED + ")")
    private @Nullable Long seed;

    /** Whether anything is said. */
    boolean isGiven() {
        return section != null || percent != null || bytes != null || coordinatesPercent != null || seed != null;
    }

    IndexOptions options(Output output) {
        Section kept = section == null ? Section.SIGNS : section;
        if (kept == Section.SIGNS && coordinatesPercent != null) {
            throw output.wrong("--coordinates-percent sizes the coordinates: give --section coordinates or both");
        }
        if (kept == Section.COORDINATES && coordinatesPercent != null && (percent != null || bytes != null)) {
            throw output.wrong(
                    "with --section coordinates, --coordinates-percent says the same as --percent or --bytes: give one");
        }
        return output.fromCommandLine(() -> {
            IndexOptions options = seed == null
                    ? IndexOptions.defaults()
                    : IndexOptions.defaults().withSeed(seed);
            if (kept == Section.COORDINATES) {
                return coordinates(options).withoutSigns();
            }
            options = percent == null ? options : options.withPercent(percent);
            options = bytes == null ? options : options.withBytes(bytes);
            return kept == Section.SIGNS
                    ? options
                    : options.withCoordinatesPercent(
                            coordinatesPercent == null ? IndexOptions.DEFAULT_COORDINATES_PERCENT : coordinatesPercent);
        });
    }

    /** Where there are no signs, the sizes are those of the coordinates. */
    private IndexOptions coordinates(IndexOptions options) {
        if (bytes != null) {
            return options.withCoordinatesBytes(bytes);
        }
        Double asked = percent == null ? coordinatesPercent : percent;
        return options.withCoordinatesPercent(asked == null ? IndexOptions.DEFAULT_COORDINATES_PERCENT : asked);
    }
}
