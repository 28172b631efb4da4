package io.github.influence4j.baselines.iterative;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.CurvatureApproximator;
import io.github.influence4j.api.CurvatureProduct;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.ProgressListener;
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
 * @param <E> the host's type of an example
 */
public final class Astra<E> implements CurvatureApproximator<E, CurvatureProduct<E>> {

    private final Curvature preconditioner;
    private final AstraOptions options;

    /**
     * Prepares the iterations.
     *
     * @param preconditioner P, fitted to the same layers; borrowed, closed after the solvers
     * @param options steps, batches, step size
     */
    public Astra(Curvature preconditioner, AstraOptions options) {
        this.preconditioner = preconditioner;
        this.options = options;
    }

    @Override
    public IterativeCurvature fit(CurvatureProduct<E> model, ExampleSource<E> data) {
        return fit(model, data, ProgressListener.silent());
    }

    /**
     * {@inheritDoc} Nothing is computed here; the work is that of the solver, which holds the examples.
     *
     * @throws IllegalArgumentException also if the preconditioner is a curvature of other layers
     */
    @Override
    public IterativeCurvature fit(CurvatureProduct<E> model, ExampleSource<E> data, ProgressListener progress) {
        Optional<Curvature> fitted = Optional.of(preconditioner);
        return IterativeCurvature.of("ASTRA", options.toString(), model, data, fitted, damping -> {
            Preconditioner inverse = Preconditioner.of(fitted, model.layers(), damping);
            return new AstraIteration<>(
                    new StochasticOperator<>(
                            "ASTRA", model, data, options.batchSize(), options.seed(), damping, inverse),
                    options,
                    progress);
        });
    }
}
