package io.github.influence4j.examples.quickstart;

import io.github.influence4j.api.Provenance;
import java.time.Duration;
import java.util.List;

/**
 * Everything the quickstart found.
 *
 * @param seed the seed of split, flips, network and sampled labels
 * @param backend name of the backend
 * @param model the network
 * @param explained test images with the training images behind them
 * @param search how the flipped labels were found
 * @param suspects the training images of the highest self-influence, highest first
 * @param comparison the estimators beside the exact solution
 * @param provenance how the scores were made
 * @param duration wall time of the whole study
 */
public record QuickstartResult(
        long seed,
        String backend,
        ModelSummary model,
        List<ExplainedImage> explained,
        FlipSearch search,
        List<ScoredImage> suspects,
        ExactAgreement comparison,
        Provenance provenance,
        Duration duration) {

    /** Copies the lists. */
    public QuickstartResult {
        explained = List.copyOf(explained);
        suspects = List.copyOf(suspects);
    }
}
