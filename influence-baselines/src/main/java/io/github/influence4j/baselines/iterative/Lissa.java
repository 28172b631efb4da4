package io.github.influence4j.baselines.iterative;

import io.github.influence4j.api.CurvatureApproximator;
import io.github.influence4j.api.CurvatureProduct;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.ProgressListener;
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
 * @param <E> the host's type of an example
 */
public final class Lissa<E> implements CurvatureApproximator<E, CurvatureProduct<E>> {

    private final LissaOptions options;

    /**
     * Prepares LiSSA.
     *
     * @param options depth, scale, batches
     */
    public Lissa(LissaOptions options) {
        this.options = options;
    }

    @Override
    public IterativeCurvature fit(CurvatureProduct<E> model, ExampleSource<E> data) {
        return fit(model, data, ProgressListener.silent());
    }

    /** {@inheritDoc} Nothing is computed here; the work is that of the solver, which holds the examples. */
    @Override
    public IterativeCurvature fit(CurvatureProduct<E> model, ExampleSource<E> data, ProgressListener progress) {
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
