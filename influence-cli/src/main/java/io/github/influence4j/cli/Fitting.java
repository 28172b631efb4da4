package io.github.influence4j.cli;

import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import picocli.CommandLine.Option;

/** The options that say what is fitted. */
final class Fitting {

    @Option(
            names = "--strategy",
            paramLabel = "WHAT",
            completionCandidates = Words.Strategies.class,
            description = "${COMPLETION-CANDIDATES} (default: ekfac)")
    private Strategy strategy = Strategy.EKFAC;

    @Option(
            names = "--blocks",
            paramLabel = "O",
            converter = Batches.CountConverter.class,
            description = "diagonal blocks of each covariance (default: 1)")
    private int blocks = 1;

    @Option(
            names = "--float64-covariances",
            description =
                    "add covariances up in float64: scores of a float32 fit then do not depend on how the data are cut")
    private boolean float64Covariances;

    FitOptions options() {
        FitOptions options = FitOptions.defaults().withStrategy(strategy).withBlocks(blocks);
        return float64Covariances ? options.withFloat64Covariances() : options;
    }
}
