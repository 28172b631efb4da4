package io.github.influence4j.baselines.pbrf;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.PerturbableModel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * The proximal Bregman response function, θˢ(ε) = argmin_θ (1/N) Σ_i D(ŷ_i(θ), ŷ_i(θˢ)) + ε L(z, θ) + ½ Σ_ℓ λ_ℓ‖θ_ℓ − θˢ_ℓ‖².
 *
 * <p>Its derivative at ε = 0 is −(G+λ)⁻¹∇L(z), what damped influence functions compute, so it is their truth at networks that
 * are not at a minimum. The minimiser starts at θˢ and steps along −(G+λ)⁻¹ times the gradient, with G fixed at θˢ, corrected
 * by the last steps (L-BFGS) and shortened until the objective falls enough (Armijo). The model must compute in float64.
 *
 * <p>With ReLU the objective is only piecewise smooth, and its minimum often lies on kinks, where no gradient is small. A search that
 * is stuck, or no longer gets lower, collects gradients on the sides of the kinks around, until a convex combination of them is
 * small, which ends it, or a way down is found, on which it goes on ({@link PbrfResponse#residual}).
 *
 * <p>A step costs one solve and about 6NP flops for N examples and P parameters. Not for use by several threads.
 *
 * <p>Source: Grosse et al. 2023, Eq. 7 to 9; Bae et al. 2022; for kinks Burke, Lewis and Overton 2005.
 *
 * @param <E> the host's type of an example
 */
public final class ProximalBregman<E> {

    private final PerturbableModel<E> model;
    private final BregmanObjective<E> objective;
    private final IhvpSolver solver;
    private final PbrfOptions options;

    /**
     * Takes the model's outputs on the training set.
     *
     * @param model the model at θˢ; stays open as long as this is in use
     * @param data the training set, which is held
     * @param solver (G+λ)⁻¹ of the model over the same data, whose damping the objective shares; the exact one as a rule. It
     *     only sets the direction of steps: the response does not depend on it
     * @param options when to stop
     * @throws IllegalArgumentException if the data set is empty, the solver is for other layers, or a layer has no damping
     *     above 0
     */
    public ProximalBregman(PerturbableModel<E> model, ExampleSource<E> data, IhvpSolver solver, PbrfOptions options) {
        if (data.size() == 0) {
            throw new IllegalArgumentException("the proximal Bregman objective needs training examples");
        }
        if (!solver.layers().equals(model.layers())) {
            throw new IllegalArgumentException(
                    "the solver is for layers " + solver.layers() + ", the model has " + model.layers());
        }
        this.model = model;
        this.solver = solver;
        this.options = options;
        this.objective = new BregmanObjective<>(model, data, solver.damping(), options.batchSize());
    }

    /**
     * Finds the response to more weight on one example.
     *
     * @param example a batch of one
     * @param epsilon ε, the weight; 1/N for one more copy
     * @return θˢ(ε) − θˢ and how exactly it was found
     * @throws IllegalArgumentException if the batch holds another number of examples, or ε is 0, NaN or infinite
     * @throws NumericalException if an output is NaN or infinite
     * @throws CancellationException if the thread was interrupted
     */
    public PbrfResponse respond(ExampleBatch<E> example, double epsilon) {
        return respond(List.of(example), epsilon).get(0);
    }

    /**
     * Finds the responses to more weight on each of several examples, each alone. Their searches run side by side, so that
     * the solver gets many right-hand sides at once. Memory for 2·(memory)·P numbers an example.
     *
     * @param examples batches of one
     * @param epsilon ε, the weight; 1/N for one more copy
     * @return the responses, in the same order
     * @throws IllegalArgumentException if a batch holds another number of examples, or ε is 0, NaN or infinite
     * @throws NumericalException if an output is NaN or infinite
     * @throws CancellationException if the thread was interrupted
     */
    public List<PbrfResponse> respond(List<ExampleBatch<E>> examples, double epsilon) {
        if (!Double.isFinite(epsilon) || epsilon == 0) {
            throw new IllegalArgumentException("epsilon must be finite and not 0, found " + epsilon);
        }
        List<ResponseSearch<E>> searches = new ArrayList<>();
        for (ExampleBatch<E> example : examples) {
            if (example.size() != 1) {
                throw new IllegalArgumentException("expected a batch of one example, found " + example.size());
            }
            searches.add(new ResponseSearch<>(objective.with(example, epsilon), options));
        }
        List<ResponseSearch<E>> active =
                searches.stream().filter(ResponseSearch::goesOn).toList();
        while (!active.isEmpty()) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("the search for a proximal Bregman response was interrupted");
            }
            List<LayerGradients> solved = solver.solveAll(active.stream()
                    .map(search -> LayerGradients.ofFlat(model.layers(), search.toSolve()))
                    .toList());
            for (int k = 0; k < solved.size(); k++) {
                active.get(k).step(solved.get(k).toFlat());
            }
            active = active.stream().filter(ResponseSearch::goesOn).toList();
        }
        return searches.stream().map(this::response).toList();
    }

    private PbrfResponse response(ResponseSearch<E> search) {
        LayerGradients offset = LayerGradients.ofFlat(model.layers(), search.offset());
        return new PbrfResponse(
                offset, search.residual(), search.iterations(), search.residual() <= options.tolerance());
    }

    static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int k = 0; k < a.length; k++) {
            sum += a[k] * b[k];
        }
        return sum;
    }

    static double norm(double[] a) {
        return Math.sqrt(dot(a, a));
    }
}
