package io.github.influence4j.benchmarks;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** The parts of the work that are timed one by one. */
enum Stage {
    /** Activation and gradient covariances. */
    COVARIANCE,
    /** Their eigendecompositions. */
    EIGEN,
    /** The corrected eigenvalues. */
    LAMBDA,
    /** Scores of every training example for every query, at full rank. */
    PAIRWISE,
    /** The same with queries cut to {@link Workload#RANK}; beside the pipeline, and only of workloads that ask for it. */
    PAIRWISE_LOW_RANK,
    /** Scores of every training example for itself. */
    SELF;

    /** The stages that make up a pipeline. */
    static final Set<Stage> PIPELINE = EnumSet.complementOf(EnumSet.of(PAIRWISE_LOW_RANK));

    /** The stages that make up a fit. */
    static final Set<Stage> FIT = EnumSet.of(COVARIANCE, EIGEN, LAMBDA);

    /** The name in reports. */
    String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
