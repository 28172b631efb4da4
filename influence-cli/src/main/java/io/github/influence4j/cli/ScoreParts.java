package io.github.influence4j.cli;

import io.github.influence4j.ekfac.options.ScoreOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say how exact scores are, and which of their parts are kept. */
final class ScoreParts {

    @Option(
            names = "--rank",
            paramLabel = "R",
            converter = Batches.CountConverter.class,
            description = "cut preconditioned queries to this rank")
    private @Nullable Integer rank;

    @Option(names = "--per-layer", description = "keep the part of each layer")
    private boolean perLayer;

    @Option(
            names = "--per-token",
            description = "keep the part of each training token; with --top-k those of the layers too")
    private boolean perToken;

    /** For scores of which only the best and worst are kept: parts of layers cost little beside those of tokens, and a page shows them. */
    ScoreOptions ofTop() {
        return perToken && !perLayer ? options().withPerLayer(true).withLayerTokens(false) : options();
    }

    ScoreOptions options() {
        ScoreOptions plain = ScoreOptions.defaults().withPerLayer(perLayer).withPerToken(perToken);
        return rank == null ? plain : plain.withRank(rank);
    }
}
