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
 * Conjugate gradients with the exact Gauss-Newton matrix, plain or preconditioned by any fitted curvature.
 *
 * <p>Each iteration multiplies with G over the whole data set, once for all right-hand sides that are not done yet, so an
 * iteration costs what a pass over the data costs. Without rounding it ends after as many iterations as G has different
 * eigenvalues. With fewer examples than parameters a full-rank preconditioner such as EK-FAC spreads the many equal
 * eigenvalues of the damping and may need <em>more</em> iterations than none.
 *
 * <p>Source: Hestenes and Stiefel 1952; for influence functions Koh and Liang 2017.
 *
 * <p>Immutable; may be used for any number of fits.
 */
public final class ConjugateGradient {

    private final MatrixBackend backend;
    private final ConjugateGradientOptions options;
    private final ProgressListener progress;
    private final Optional<Curvature> preconditioner;
    private final KeptSolves kept;

    private ConjugateGradient(
            MatrixBackend backend,
            ConjugateGradientOptions options,
            ProgressListener progress,
            Optional<Curvature> preconditioner,
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
     * @return the method
     */
    public static ConjugateGradient on(MatrixBackend backend) {
        return new ConjugateGradient(
                backend,
                ConjugateGradientOptions.defaults(),
                ProgressListener.silent(),
                Optional.empty(),
                KeptSolves.none());
    }

    /**
     * Preconditions with a fitted curvature, which is damped as the system to solve is.
     *
     * @param fitted a curvature of the same layers; borrowed, closed after what is fitted here
     * @return the same otherwise
     */
    public ConjugateGradient preconditionedBy(Curvature fitted) {
        return new ConjugateGradient(backend, options, progress, Optional.of(fitted), kept);
    }

    /**
     * Changes the options.
     *
     * @param value the options
     * @return the same otherwise
     */
    public ConjugateGradient with(ConjugateGradientOptions value) {
        return new ConjugateGradient(backend, value, progress, preconditioner, kept);
    }

    /**
     * Tells a listener how far solves and scores have come.
     *
     * @param value the listener
     * @return the same otherwise
     */
    public ConjugateGradient reporting(ProgressListener value) {
        return new ConjugateGradient(backend, options, value, preconditioner, kept);
    }

    /**
     * Keeps the state of a solve after each iteration, so that one that was ended can be taken up again.
     *
     * @param value keeps the states
     * @return the same otherwise
     */
    public ConjugateGradient keeping(KeptSolves value) {
        return new ConjugateGradient(backend, options, progress, preconditioner, value);
    }

    /**
     * Takes a model and a training set. Nothing is computed here; the work is that of scoring.
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
        return IterativeCurvature.of(
                "conjugate gradients",
                options.toString(),
                model,
                data,
                preconditioner,
                damping -> new ConjugateGradientIteration<>(
                        new DampedGaussNewton<>(model, data, options.batchSize(), damping),
                        Preconditioner.of(preconditioner, model.layers(), damping),
                        options,
                        progress,
                        kept));
    }
}
