package io.github.influence4j.baselines.iterative;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.CurvatureProduct;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.KeptSolves;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.Optional;

/**
 * ASTRA: stochastic iterations towards (G+λ)⁻¹v that are preconditioned by a fitted curvature P, EK-FAC as a rule, x_k =
 * x_{k−1} − α(P+λ)⁻¹[(G_b+λ)x_{k−1} − v] with momentum, from x_0 = (P+λ)⁻¹v.
 *
 * <p>So it starts from the EK-FAC solution and removes its error. Costs a batch product and two rotations for each step and
 * right-hand side, and one pass over the data set for the residual that is reported. A step size that is not given is (1 −
 * momentum) over 1.2 times the largest eigenvalue of (P+λ)⁻¹(G+λ) over the data set and over a few batches, found by power
 * iteration at the first solve.
 *
 * <p>Divergence is an error: solutions larger than any solution can be, or with ten times the residual that 0 has.
 *
 * <p>Source: Wang et al. 2025, arXiv 2507.14740.
 *
 * <p>Immutable; may be used for any number of fits.
 */
public final class Astra {

    private final MatrixBackend backend;
    private final AstraOptions options;
    private final ProgressListener progress;
    private final Curvature preconditioner;
    private final KeptSolves kept;

    private Astra(
            MatrixBackend backend,
            AstraOptions options,
            ProgressListener progress,
            Curvature preconditioner,
            KeptSolves kept) {
        this.backend = backend;
        this.options = options;
        this.progress = progress;
        this.preconditioner = preconditioner;
        this.kept = kept;
    }

    /**
     * Prepares the method with its default options.
     *
     * @param backend computes the scores; must stay open as long as what is fitted
     * @param preconditioner P, fitted to the same layers; borrowed, closed after what is fitted here
     * @return the method
     */
    public static Astra on(MatrixBackend backend, Curvature preconditioner) {
        return new Astra(
                backend, AstraOptions.defaults(), ProgressListener.silent(), preconditioner, KeptSolves.none());
    }

    /**
     * Changes the options.
     *
     * @param value the options
     * @return the same otherwise
     */
    public Astra with(AstraOptions value) {
        return new Astra(backend, value, progress, preconditioner, kept);
    }

    /**
     * Tells a listener how far solves and scores have come.
     *
     * @param value the listener
     * @return the same otherwise
     */
    public Astra reporting(ProgressListener value) {
        return new Astra(backend, options, value, preconditioner, kept);
    }

    /**
     * Keeps the state of a solve after each iteration, so that one that was ended can be taken up again.
     *
     * @param value keeps the states
     * @return the same otherwise
     */
    public Astra keeping(KeptSolves value) {
        return new Astra(backend, options, progress, preconditioner, value);
    }

    /**
     * Takes a model and a training set. Nothing is computed here; the work is that of scoring, which holds the examples.
     *
     * @param <E> the host's type of an example
     * @param model a model that multiplies with its Gauss-Newton matrix, such as {@link HessianRootProduct}; stays open while
     *     the result is in use
     * @param train the training set
     * @return the estimator, which the caller closes
     * @throws IllegalArgumentException if the data set is empty, or the preconditioner is a curvature of other layers
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
        Optional<Curvature> fitted = Optional.of(preconditioner);
        return IterativeCurvature.of("ASTRA", options.toString(), model, data, fitted, damping -> {
            Preconditioner inverse = Preconditioner.of(fitted, model.layers(), damping);
            return new AstraIteration<>(
                    new StochasticOperator<>(
                            "ASTRA", model, data, options.batchSize(), options.seed(), damping, inverse),
                    options,
                    progress,
                    kept);
        });
    }
}
