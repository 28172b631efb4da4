package io.github.influence4j.api;

import java.util.List;

/**
 * An estimator of influence that was fitted to a model and a training set, and scores once it is told how to damp.
 *
 * <p>Every estimator comes to this: EK-FAC and its relatives, the exact solution, the iterative solvers, SOURCE, gradient dot
 * products. So any can be exchanged for or compared with any other, one of your own included. It owns what was fitted and
 * every {@link Scoring} it gave; closing it closes them. The model and the data sets stay the host's.
 *
 * @param <E> the host's type of an example
 */
public interface FittedEstimator<E> extends AutoCloseable {

    /**
     * Returns the layers it was fitted to.
     *
     * @return the layers, in the model's order
     */
    List<LayerSpec> layers();

    /**
     * Turns a damping into one λ for each layer, to be shared with estimators that are compared with this one.
     *
     * @param damping absolute, or relative to each layer's mean eigenvalue
     * @return λ by layer
     * @throws IllegalArgumentException if the damping is relative to eigenvalues that this estimator does not know
     */
    LayerDamping resolve(Damping damping);

    /**
     * Makes this ready to score with a damping. Cheap for the approximations; the exact solution factorises here. Asked for the
     * same damping again, it gives what it gave before.
     *
     * @param damping λ by layer; estimators without a curvature ignore it
     * @return the scoring, which is closed with this
     * @throws IllegalArgumentException if a layer has no λ
     * @throws NumericalException if the damped curvature is singular
     * @throws IllegalStateException if this is closed
     */
    Scoring<E> damped(LayerDamping damping);

    /**
     * Makes this ready to score with a damping.
     *
     * @param damping absolute, or relative to each layer's mean eigenvalue
     * @return the scoring, which is closed with this
     * @throws IllegalArgumentException if the damping is relative to eigenvalues that this estimator does not know
     * @throws NumericalException if the damped curvature is singular
     * @throws IllegalStateException if this is closed
     */
    default Scoring<E> damped(Damping damping) {
        return damped(resolve(damping));
    }

    /**
     * Returns how the estimator was fitted.
     *
     * @return the provenance
     */
    Provenance provenance();

    @Override
    void close();
}
