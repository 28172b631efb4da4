package io.github.influence4j.baselines.iterative;

import io.github.influence4j.api.KeptSolves;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.ProgressListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Conjugate gradients of several right-hand sides side by side, so that they share every pass over the data. */
final class ConjugateGradientIteration<E> implements IterativeSolver.Iteration {

    private static final Logger LOG = LoggerFactory.getLogger(ConjugateGradientIteration.class);

    private final DampedGaussNewton<E> operator;
    private final Preconditioner preconditioner;
    private final ConjugateGradientOptions options;
    private final ProgressListener progress;
    private final KeptSolves kept;
    private SolverReport report = SolverReport.none();

    ConjugateGradientIteration(
            DampedGaussNewton<E> operator,
            Preconditioner preconditioner,
            ConjugateGradientOptions options,
            ProgressListener progress,
            KeptSolves kept) {
        this.operator = operator;
        this.preconditioner = preconditioner;
        this.options = options;
        this.progress = progress;
        this.kept = kept;
    }

    /** One right-hand side. */
    private static final class Run {
        private double[] solution;
        private double[] residual;
        private final double norm;
        private double[] direction;
        private double product;

        Run(double[] vector) {
            this.solution = new double[vector.length];
            this.residual = vector.clone();
            this.norm = Vectors.norm(vector);
            this.direction = new double[vector.length];
        }

        Stream<double[]> state() {
            return Stream.of(solution, residual, direction, new double[] {product});
        }

        void restore(List<double[]> state) {
            solution = state.get(0);
            residual = state.get(1);
            direction = state.get(2);
            product = state.get(3)[0];
        }

        double relativeResidual() {
            return norm == 0 ? 0 : Vectors.norm(residual) / norm;
        }
    }

    @Override
    public double[][] solve(double[][] vectors) {
        List<Run> runs = new ArrayList<>();
        for (double[] vector : vectors) {
            runs.add(new Run(vector));
        }
        String name = kept.name(vectors);
        Optional<KeptSolves.State> before = kept.find(name);
        int iterations = before.map(KeptSolves.State::iteration).orElse(0);
        before.ifPresent(state -> restore(runs, state.vectors()));
        List<Run> open = open(runs);
        if (before.isEmpty()) {
            turn(open, iterations);
        }
        while (!open.isEmpty() && iterations < options.maxIterations()) {
            iterations++;
            step(open, iterations);
            open = open(open);
            turn(open, iterations);
            kept.keep(
                    name,
                    new KeptSolves.State(
                            iterations, runs.stream().flatMap(Run::state).toList()));
            progress.progress("conjugate gradients", iterations, options.maxIterations());
        }
        double largest = max(runs, Run::relativeResidual);
        if (!open.isEmpty()) {
            LOG.warn(
                    "conjugate gradients: {} of {} right-hand sides have not reached the tolerance of {} after {}"
                            + " iterations; largest residual {}",
                    open.size(),
                    runs.size(),
                    options.tolerance(),
                    iterations,
                    largest);
        }
        report = operator.takeReport(vectors.length, iterations, largest, Optional.of(open.isEmpty()));
        return runs.stream().map(run -> run.solution).toArray(double[][]::new);
    }

    private static void restore(List<Run> runs, List<double[]> vectors) {
        int each = vectors.size() / runs.size();
        for (int j = 0; j < runs.size(); j++) {
            runs.get(j).restore(vectors.subList(j * each, (j + 1) * each));
        }
    }

    private List<Run> open(List<Run> runs) {
        return runs.stream()
                .filter(run -> run.relativeResidual() > options.tolerance())
                .toList();
    }

    private void step(List<Run> open, int iteration) {
        double[][] products =
                operator.multiply(open.stream().map(run -> run.direction).toArray(double[][]::new));
        for (int j = 0; j < products.length; j++) {
            Run run = open.get(j);
            double curvature = Vectors.dot(run.direction, products[j]);
            if (!(curvature > 0) || !(run.product > 0)) {
                throw new NumericalException("conjugate gradients, iteration " + iteration
                        + ": the damped curvature or its preconditioner is not positive (pᵀ(G+λ)p = " + curvature
                        + ", rᵀP⁻¹r = " + run.product + "); use a larger damping or tolerance");
            }
            double length = run.product / curvature;
            Vectors.add(length, run.direction, run.solution);
            Vectors.add(-length, products[j], run.residual);
        }
    }

    /** Turns to the next conjugate directions, p = P⁻¹r + (rᵀP⁻¹r / that of before) p. */
    private void turn(List<Run> open, int iteration) {
        if (open.isEmpty()) {
            return;
        }
        double[][] preconditioned =
                preconditioner.apply(open.stream().map(run -> run.residual).toArray(double[][]::new));
        operator.count(preconditioner.flops(open.size()));
        for (int j = 0; j < preconditioned.length; j++) {
            Run run = open.get(j);
            double before = run.product;
            run.product = Vectors.dot(run.residual, preconditioned[j]);
            double[] direction = preconditioned[j].clone();
            if (iteration > 0) {
                Vectors.add(run.product / before, run.direction, direction);
            }
            run.direction = direction;
        }
    }

    private static double max(List<Run> runs, ToDoubleFunction<Run> value) {
        return runs.stream().mapToDouble(value).max().orElse(0);
    }

    /** The right-hand side, solution, residual, the residual preconditioned, direction and its product. */
    @Override
    public int vectorsHeld() {
        return 6;
    }

    @Override
    public SolverReport report() {
        return report;
    }

    @Override
    public void close() {
        preconditioner.close();
    }
}
