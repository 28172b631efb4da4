package io.github.influence4j.baselines;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;

/**
 * The inner product of gradients as a score, ⟨∇m_q, ∇L_z⟩: influence with the identity for a curvature (the TracIn of one
 * checkpoint, Pruthi et al. 2020).
 *
 * <p>A short name for {@link Ekfac} with {@link Strategy#IDENTITY}: nothing is fitted, and damping has no effect. Its
 * self-influence is ‖∇L_z‖². Immutable.
 */
public final class GradientDotProduct {

    private final Ekfac identity;

    private GradientDotProduct(Ekfac identity) {
        this.identity = identity;
    }

    /**
     * Computes with a given backend.
     *
     * @param backend computes; must stay open as long as what is fitted
     * @return the dot product
     */
    public static GradientDotProduct on(MatrixBackend backend) {
        return new GradientDotProduct(Ekfac.on(backend).with(Strategy.IDENTITY));
    }

    /**
     * Tells a listener how far scores have come.
     *
     * @param value the listener
     * @return the same otherwise
     */
    public GradientDotProduct reporting(ProgressListener value) {
        return new GradientDotProduct(identity.reporting(value));
    }

    /**
     * Takes a model and a training set.
     *
     * @param <E> the host's type of an example
     * @param model the model; stays open while the result is in use
     * @param train the training set
     * @return the estimator, which the caller closes; scores are positive where a step on the training example lowers the
     *     query's loss
     * @throws IllegalArgumentException if the data set is empty
     */
    public <E> FittedCurvature<E> fit(GradientProvider<E> model, ExampleSource<E> train) {
        return identity.fit(model, train);
    }
}
