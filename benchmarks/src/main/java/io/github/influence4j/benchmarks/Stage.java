package io.github.influence4j.benchmarks;

import java.util.Locale;

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
    /** Scores of every training example for itself. */
    SELF;

    /** The name in reports. */
    String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
