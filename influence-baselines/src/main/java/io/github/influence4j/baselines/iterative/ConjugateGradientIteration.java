package io.github.influence4j.baselines.iterative;

import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.ProgressListener;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Conjugate gradients of several right-hand sides side by side, so that they share every pass over the data. */
final class ConjugateGradientIteration<E> implements IterativeSolver.Iteration {

    private static final Logger LOG = LoggerFactory.getLogger(ConjugateGradientIteration.class);

    private final DampedGaussNewton<E> operator;
    private final Preconditioner preconditioner;
    private final ConjugateGradientOptions options;
    private final ProgressListener progress;
    private SolverReport report = SolverReport.none();

    ConjugateGradientIteration(
            DampedGaussNewton<E> operator,
            Preconditioner preconditioner,
            ConjugateGradientOptions options,
            ProgressListener progress) {
        this.operator = operator;
        this.preconditioner = preconditioner;
        this.options = options;
        this.progress = progress;
    }

    /** One right-hand side. */
    private static final class Run {
        private final double[] solution;
        private final double[] residual;
        private final double norm;
        private double[] direction;
        private double product;

        Run(double[] vector) {
            this.solution = new double[vector.length];
            this.residual = vector.clone();
            this.norm = Vectors.norm(vector);
            this.direction = new double[vector.length];
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
        List<Run> open = open(runs);
        int iterations = 0;
        turn(open, iterations);
        while (!open.isEmpty() && iterations < options.maxIterations()) {
            iterations++;
            step(open, iterations);
            open = open(open);
            turn(open, iterations);
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
