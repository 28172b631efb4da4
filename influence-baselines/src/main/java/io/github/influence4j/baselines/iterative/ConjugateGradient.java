package io.github.influence4j.baselines.iterative;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.CurvatureApproximator;
import io.github.influence4j.api.CurvatureProduct;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.ProgressListener;
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
 * @param <E> the host's type of an example
 */
public final class ConjugateGradient<E> implements CurvatureApproximator<E, CurvatureProduct<E>> {

    private final ConjugateGradientOptions options;
    private final Optional<Curvature> preconditioner;

    private ConjugateGradient(ConjugateGradientOptions options, Optional<Curvature> preconditioner) {
        this.options = options;
        this.preconditioner = preconditioner;
    }

    /**
     * Prepares plain conjugate gradients.
     *
     * @param <E> the host's type of an example
     * @param options when to stop
     * @return an approximator
     */
    public static <E> ConjugateGradient<E> plain(ConjugateGradientOptions options) {
        return new ConjugateGradient<>(options, Optional.empty());
    }

    /**
     * Prepares conjugate gradients with a preconditioner, which is damped as the system to solve is.
     *
     * @param <E> the host's type of an example
     * @param fitted a curvature of the same layers; borrowed, closed after the solvers
     * @param options when to stop
     * @return an approximator
     */
    public static <E> ConjugateGradient<E> preconditionedBy(Curvature fitted, ConjugateGradientOptions options) {
        return new ConjugateGradient<>(options, Optional.of(fitted));
    }

    @Override
    public IterativeCurvature fit(CurvatureProduct<E> model, ExampleSource<E> data) {
        return fit(model, data, ProgressListener.silent());
    }

    /**
     * {@inheritDoc} Nothing is computed here; the work is that of the solver.
     *
     * @throws IllegalArgumentException also if the preconditioner is a curvature of other layers
     */
    @Override
    public IterativeCurvature fit(CurvatureProduct<E> model, ExampleSource<E> data, ProgressListener progress) {
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
                        progress));
    }
}
