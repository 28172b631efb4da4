package io.github.influence4j.examples.validation;

import java.util.OptionalDouble;

/**
 * One estimator on one data set with one damping, over the seeds.
 *
 * @param dataset the data set and its network
 * @param seeds number of networks
 * @param damping {@code absolute}, or {@code relative} to the mean eigenvalue of each layer of EK-FAC
 * @param lambda λ or the multiple
 * @param estimator its name
 * @param pearsonPbrf mean Pearson correlation with proximal Bregman responses; absent where it diverged
 * @param pearsonPbrfSe its standard error over the seeds; absent with one seed
 * @param spearmanPbrf mean Spearman correlation
 * @param lds linear datamodelling score
 * @param ldsSe its standard error over the seeds
 * @param fitMillis mean time of fitting
 * @param perQueryMillis mean time of a query
 * @param heldBytes what must stay in memory from the fit to the last query, without model and data
 * @param solveFlops flops of the iterations for all queries, where they are counted
 */
public record ValidationRow(
        String dataset,
        int seeds,
        String damping,
        double lambda,
        String estimator,
        OptionalDouble pearsonPbrf,
        OptionalDouble pearsonPbrfSe,
        OptionalDouble spearmanPbrf,
        OptionalDouble lds,
        OptionalDouble ldsSe,
        double fitMillis,
        double perQueryMillis,
        OptionalDouble heldBytes,
        OptionalDouble solveFlops) {}
