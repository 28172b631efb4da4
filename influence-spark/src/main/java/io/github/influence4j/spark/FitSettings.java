package io.github.influence4j.spark;

import io.github.influence4j.ekfac.internal.factor.TaskGroups;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import java.io.Serializable;

/**
 * Options of a fit as they are sent.
 *
 * @param strategy which approximation is fitted
 * @param sampled whether labels are sampled, or those of the data
 * @param seed of sampled labels
 * @param draws how often labels are drawn
 * @param batchSize most examples of a batch
 * @param batchPositions most rows of a layer in a batch
 * @param kfacScale what K-FAC's eigenvalues are relative to
 * @param blocks diagonal blocks of each covariance
 * @param memoryLimit bytes that a task may take
 * @param float64Covariances whether covariances are added up in float64
 */
record FitSettings(
        Strategy strategy,
        boolean sampled,
        long seed,
        int draws,
        int batchSize,
        int batchPositions,
        FitOptions.KfacScale kfacScale,
        int blocks,
        long memoryLimit,
        boolean float64Covariances)
        implements Serializable {

    /** Of a task, where the options say nothing. */
    static final long DEFAULT_MEMORY = TaskGroups.DEFAULT_LIMIT;

    static FitSettings of(FitOptions options) {
        FisherLabels.Sampled sampled =
                options.labels() instanceof FisherLabels.Sampled labels ? labels : new FisherLabels.Sampled(0, 1);
        return new FitSettings(
                options.strategy(),
                options.labels() instanceof FisherLabels.Sampled,
                sampled.seed(),
                sampled.draws(),
                options.batchSize(),
                options.batchPositions(),
                options.kfacScale(),
                options.blocks(),
                options.memoryLimit().orElse(DEFAULT_MEMORY),
                options.float64Covariances());
    }

    FitOptions options() {
        FitOptions options = FitOptions.defaults()
                .withStrategy(strategy)
                .withLabels(sampled ? new FisherLabels.Sampled(seed, draws) : FisherLabels.empirical())
                .withBatchSize(batchSize)
                .withBatchPositions(batchPositions)
                .withKfacScale(kfacScale)
                .withBlocks(blocks)
                .withMemoryLimit(memoryLimit);
        return float64Covariances ? options.withFloat64Covariances() : options;
    }
}
