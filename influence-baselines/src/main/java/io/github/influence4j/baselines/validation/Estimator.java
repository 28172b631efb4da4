package io.github.influence4j.baselines.validation;

import io.github.influence4j.api.LayerDamping;

/**
 * A named way to score the training set of one model for some queries, with any damping. Closed by whoever made it; not for
 * use by several threads.
 */
public interface Estimator extends AutoCloseable {

    /**
     * Returns the name under which it is reported.
     *
     * @return the name
     */
    String name();

    /**
     * Scores.
     *
     * @param damping λ by layer; estimators without a curvature ignore it
     * @return the scores and their cost
     * @throws io.github.influence4j.api.NumericalException if the estimator diverges
     */
    Estimate estimate(LayerDamping damping);

    @Override
    void close();
}
