package io.github.influence4j.examples.quickstart;

/**
 * How close an estimator's scores come to the exact damped solution, and what it costs.
 *
 * @param name the estimator
 * @param pearson mean over the queries of Pearson's correlation over the training examples
 * @param spearman mean over the queries of Spearman's rank correlation
 * @param millis wall time of fitting and scoring, warm
 */
public record EstimatorQuality(String name, double pearson, double spearman, double millis) {}
