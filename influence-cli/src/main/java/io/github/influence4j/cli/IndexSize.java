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
    private Section section = Section.SIGNS;

    @Option(
            names = "--percent",
            paramLabel = "P",
            description =
                    "size of an example's signs as percent of its gradient in float32, at most 3.1 (default: 0.25)")
    private @Nullable Double percent;

    @Option(
            names = "--bytes",
            paramLabel = "BYTES",
            converter = Batches.BytesConverter.class,
            description = "size of an example's signs, in place of --percent")
    private @Nullable Long bytes;

    @Option(
            names = "--coordinates-percent",
            paramLabel = "P",
            description =
                    "size of an example's coordinates as percent of its gradient in float32, at most 12.5 (default: 1)")
    private @Nullable Double coordinatesPercent;

    @Option(names = "--seed", paramLabel = "S", description = "of the projections (default: ${DEFAULT-VALUE})")
    private long seed = IndexOptions.DEFAULT_SEED;

    IndexOptions options(Output output) {
        if (section == Section.COORDINATES && (percent != null || bytes != null)) {
            throw output.wrong("--percent and --bytes size the signs: give --section both, or --coordinates-percent");
        }
        if (section == Section.SIGNS && coordinatesPercent != null) {
            throw output.wrong("--coordinates-percent sizes the coordinates: give --section coordinates or both");
        }
        return output.fromCommandLine(() -> {
            IndexOptions options = IndexOptions.defaults().withSeed(seed);
            options = percent == null ? options : options.withPercent(percent);
            options = bytes == null ? options : options.withBytes(bytes);
            if (section == Section.SIGNS) {
                return options;
            }
            IndexOptions both = options.withCoordinatesPercent(
                    coordinatesPercent == null ? IndexOptions.DEFAULT_COORDINATES_PERCENT : coordinatesPercent);
            return section == Section.BOTH ? both : both.withoutSigns();
        });
    }
}
