package io.github.influence4j.baselines.pbrf;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.PerturbableModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * The proximal Bregman response function, θˢ(ε) = argmin_θ (1/N) Σ_i D(ŷ_i(θ), ŷ_i(θˢ)) + ε L(z, θ) + ½ Σ_ℓ λ_ℓ‖θ_ℓ − θˢ_ℓ‖².
 *
 * <p>Its derivative at ε = 0 is −(G+λ)⁻¹∇L(z), what damped influence functions compute, so it is their truth at networks that
 * are not at a minimum. The minimiser starts at θˢ and steps along −(G+λ)⁻¹ times the gradient, with G fixed at θˢ, corrected
 * by the last steps (L-BFGS) and shortened until the objective falls enough (Armijo). The model must compute in float64.
 *
 * <p>A step costs one solve and about 6NP flops for N examples and P parameters. Not for use by several threads.
 *
 * <p>Source: Grosse et al. 2023, Eq. 7 to 9; Bae et al. 2022.
 *
 * @param <E> the host's type of an example
 */
public final class ProximalBregman<E> {

    private static final Objective.TrainingLoss TRAINING = new Objective.TrainingLoss();

    /** Share of the decrease along the slope that a step must bring. */
    private static final double ARMIJO = 1e-4;

    private static final int MAX_HALVINGS = 30;

    /** Differences of the objective, relative to it, that rounding may make. */
    private static final double ROUNDING = 1e-12;

    private final PerturbableModel<E> model;
    private final List<ExampleBatch<E>> batches;
    private final List<double[][][]> references;
    private final double examples;
    private final IhvpSolver solver;
    private final double[] lambdas;
    private final BregmanDivergence divergence;
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
        this.examples = data.size();
        this.divergence = BregmanDivergence.of(model.outputLoss());
        this.lambdas = lambdas(model, solver.damping());
        this.batches = new ArrayList<>();
        this.references = new ArrayList<>();
        for (ExampleBatch<E> batch : data.batches(options.batchSize())) {
            batches.add(batch);
            references.add(model.positionOutputs(batch));
        }
    }

    private static double[] lambdas(PerturbableModel<?> model, LayerDamping damping) {
        return model.layers().stream()
                .flatMapToDouble(layer -> {
                    double lambda = damping.lambda(layer.name());
                    if (!(lambda > 0)) {
                        throw new IllegalArgumentException("layer " + layer.name()
                                + ": the proximal term needs a damping above 0, found " + lambda);
                    }
                    double[] values = new double[Math.toIntExact(layer.parameters())];
                    Arrays.fill(values, lambda);
                    return Arrays.stream(values);
                })
                .toArray();
    }

    /** The objective and its gradient at one offset. */
    private record Point(double[] offset, double value, double[] gradient) {}

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
        List<Search> searches = new ArrayList<>();
        for (ExampleBatch<E> example : examples) {
            if (example.size() != 1) {
                throw new IllegalArgumentException("expected a batch of one example, found " + example.size());
            }
            searches.add(new Search(example, epsilon));
        }
        List<Search> active = searches.stream().filter(Search::goesOn).toList();
        while (!active.isEmpty()) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("the search for a proximal Bregman response was interrupted");
            }
            List<LayerGradients> solved = solver.solveAll(active.stream()
                    .map(search ->
                            LayerGradients.ofFlat(model.layers(), search.memory.beforeSolve(search.point.gradient())))
                    .toList());
            for (int k = 0; k < solved.size(); k++) {
                Search search = active.get(k);
                search.step(search.memory.afterSolve(solved.get(k).toFlat()));
            }
            active = active.stream().filter(Search::goesOn).toList();
        }
        return searches.stream().map(Search::response).toList();
    }

    /** The way of one example's search. */
    private final class Search {
        private final ExampleBatch<E> example;
        private final double epsilon;
        private final double startLoss;
        private final LimitedMemory memory = new LimitedMemory(options.memory());
        private Point point;
        private final double start;
        private int iterations;
        private boolean stuck;

        Search(ExampleBatch<E> example, double epsilon) {
            this.example = example;
            this.epsilon = epsilon;
            this.startLoss = model.objectives(example, TRAINING)[0];
            this.point = at(new double[lambdas.length], example, epsilon, startLoss);
            this.start = norm(point.gradient());
        }

        boolean goesOn() {
            return !stuck
                    && iterations < options.maxIterations()
                    && norm(point.gradient()) > options.tolerance() * start;
        }

        void step(double[] direction) {
            Point next = ProximalBregman.this.step(point, direction, example, epsilon, startLoss);
            stuck = next == point;
            if (!stuck) {
                memory.add(difference(next.offset(), point.offset()), difference(next.gradient(), point.gradient()));
                point = next;
                iterations++;
            }
        }

        PbrfResponse response() {
            double residual = start == 0 ? 0 : norm(point.gradient()) / start;
            LayerGradients offset = LayerGradients.ofFlat(model.layers(), point.offset());
            return new PbrfResponse(offset, residual, iterations, residual <= options.tolerance());
        }
    }

    /** Halves the step until the objective falls enough, or, where its differences drown in rounding, its gradient does. */
    private Point step(Point from, double[] direction, ExampleBatch<E> example, double epsilon, double startLoss) {
        double slope = dot(from.gradient(), direction);
        double length = 1;
        for (int halving = 0; halving < MAX_HALVINGS; halving++) {
            double[] offset = from.offset().clone();
            for (int k = 0; k < offset.length; k++) {
                offset[k] += length * direction[k];
            }
            try (Moved to = new Moved(offset, example, epsilon, startLoss)) {
                if (to.value <= from.value() + ARMIJO * length * slope) {
                    return to.point();
                }
                if (Math.abs(to.value - from.value()) <= ROUNDING * Math.abs(from.value())) {
                    Point point = to.point();
                    if (norm(point.gradient()) < norm(from.gradient())) {
                        return point;
                    }
                }
            }
            length /= 2;
        }
        return from;
    }

    private Point at(double[] offset, ExampleBatch<E> example, double epsilon, double startLoss) {
        try (Moved moved = new Moved(offset, example, epsilon, startLoss)) {
            return moved.point();
        }
    }

    /** The model at one offset: the objective at once, its gradient, which is dearer, only where it is wanted. */
    private final class Moved implements AutoCloseable {
        private final double[] offset;
        private final ExampleBatch<E> example;
        private final double epsilon;
        private final PerturbableModel<E> model;
        private final List<double[][][]> slopes = new ArrayList<>();
        private final double value;

        Moved(double[] offset, ExampleBatch<E> example, double epsilon, double startLoss) {
            this.offset = offset;
            this.example = example;
            this.epsilon = epsilon;
            this.model =
                    ProximalBregman.this.model.at(LayerGradients.ofFlat(ProximalBregman.this.model.layers(), offset));
            try {
                this.value = evaluate(startLoss);
            } catch (RuntimeException | Error e) {
                model.close();
                throw e;
            }
        }

        private double evaluate(double startLoss) {
            double sum = epsilon * (model.objectives(example, TRAINING)[0] - startLoss);
            for (int k = 0; k < offset.length; k++) {
                sum += lambdas[k] * offset[k] * offset[k] / 2;
            }
            for (int b = 0; b < references.size(); b++) {
                double[][][] outputs = model.positionOutputs(batches.get(b));
                sum += bregman(outputs, references.get(b)) / examples;
                slopes.add(outputs);
            }
            return sum;
        }

        Point point() {
            double[] gradient = new double[offset.length];
            for (int k = 0; k < offset.length; k++) {
                gradient[k] = lambdas[k] * offset[k];
            }
            for (int b = slopes.size() - 1; b >= 0; b--) {
                add(1 / examples, model.transposedJacobianProduct(batches.get(b), slopes.get(b)), gradient);
            }
            add(epsilon, TrainingGradient.of(model, example), gradient);
            return new Point(offset, value, gradient);
        }

        @Override
        public void close() {
            model.close();
        }
    }

    /** Sums D over a batch and overwrites the outputs by ∂D/∂ŷ. */
    private double bregman(double[][][] outputs, double[][][] reference) {
        double sum = 0;
        for (int z = 0; z < outputs.length; z++) {
            for (int t = 0; t < outputs[z].length; t++) {
                sum += divergence.value(outputs[z][t], reference[z][t]);
                divergence.gradient(outputs[z][t].clone(), reference[z][t], outputs[z][t]);
            }
        }
        return sum;
    }

    private static void add(double factor, LayerGradients part, double[] sum) {
        double[] flat = part.toFlat();
        for (int k = 0; k < sum.length; k++) {
            sum[k] += factor * flat[k];
        }
    }

    private static double[] difference(double[] a, double[] b) {
        double[] difference = new double[a.length];
        Arrays.setAll(difference, k -> a[k] - b[k]);
        return difference;
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
