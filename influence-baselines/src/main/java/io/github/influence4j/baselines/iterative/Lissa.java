package io.github.influence4j.baselines.iterative;

import io.github.influence4j.api.CurvatureProduct;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.Optional;

/**
 * LiSSA, a stochastic Neumann series: x_j = v/σ + (I − (G_b+λ)/σ) x_{j−1} with a new batch b in every step, x_0 = v/σ.
 *
 * <p>Costs J products of a batch for each right-hand side and repeat, and one pass over the data set for the residual that
 * is reported. Stopped after J steps it behaves like a damping of about λ + σ/J. A scale that is not given is 1.2 times the
 * largest eigenvalue of G+λ over the data set and over a few batches, found by power iteration at the first solve.
 *
 * <p>Divergence is an error: solutions larger than any solution can be, or with ten times the residual that 0 has.
 * Batches leave noise in directions of large curvature, which shows in the residual more than in scores.
 *
 * <p>Source: Agarwal, Bullins and Hazan 2017; Koh and Liang 2017; Grosse et al. 2023, section 2.2.1 and Appendix C.
 *
 * <p>Immutable; may be used for any number of fits.
 */
public final class Lissa {

    private final MatrixBackend backend;
    private final LissaOptions options;
    private final ProgressListener progress;

    private Lissa(MatrixBackend backend, LissaOptions options, ProgressListener progress) {
        this.backend = backend;
        this.options = options;
        this.progress = progress;
    }

    /**
     * Prepares the method with its default options.
     *
     * @param backend computes the scores; must stay open as long as what is fitted
     * @return the method
     */
    public static Lissa on(MatrixBackend backend) {
        return new Lissa(backend, LissaOptions.defaults(), ProgressListener.silent());
    }

    /**
     * Changes the options.
     *
     * @param value the options
     * @return the same otherwise
     */
    public Lissa with(LissaOptions value) {
        return new Lissa(backend, value, progress);
    }

    /**
     * Tells a listener how far solves and scores have come.
     *
     * @param value the listener
     * @return the same otherwise
     */
    public Lissa reporting(ProgressListener value) {
        return new Lissa(backend, options, value);
    }

    /**
     * Takes a model and a training set. Nothing is computed here; the work is that of scoring, which holds the examples.
     *
     * @param <E> the host's type of an example
     * @param model a model that multiplies with its Gauss-Newton matrix, such as {@link HessianRootProduct}; stays open while
     *     the result is in use
     * @param train the training set
     * @return the estimator, which the caller closes
     * @throws IllegalArgumentException if the data set is empty
     */
    public <E> FittedCurvature<E> fit(CurvatureProduct<E> model, ExampleSource<E> train) {
        return FittedCurvature.of(backend, model, curvature(model, train), progress);
    }

    /**
     * Takes a model and a training set, to solve with.
     *
     * @param <E> the host's type of an example
     * @param model a model that multiplies with its Gauss-Newton matrix
     * @param data the training set
     * @return the curvature, which the caller closes
     * @throws IllegalArgumentException as {@link #fit} does
     */
    public <E> IterativeCurvature curvature(CurvatureProduct<E> model, ExampleSource<E> data) {
        return IterativeCurvature.of("LiSSA", options.toString(), model, data, Optional.empty(), damping -> {
            Preconditioner none = Preconditioner.of(Optional.empty(), model.layers(), damping);
            return new LissaIteration<>(
                    new StochasticOperator<>("LiSSA", model, data, options.batchSize(), options.seed(), damping, none),
                    options,
                    options.depth().orElseGet(() -> Math.toIntExact(data.size())),
                    progress);
        });
    }
}
