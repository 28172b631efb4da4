package io.github.influence4j.baselines.iterative;

import io.github.influence4j.api.ProgressListener;
import java.util.OptionalDouble;

/** The preconditioned steps of ASTRA for several right-hand sides, which share the batches. */
final class AstraIteration<E> implements IterativeSolver.Iteration {

    private final StochasticOperator<E> operator;
    private final AstraOptions options;
    private final ProgressListener progress;
    private OptionalDouble firstStep;
    private SolverReport report = SolverReport.none();

    AstraIteration(StochasticOperator<E> operator, AstraOptions options, ProgressListener progress) {
        this.operator = operator;
        this.options = options;
        this.progress = progress;
        this.firstStep = options.stepSize();
    }

    @Override
    public double[][] solve(double[][] vectors) {
        operator.restart();
        if (firstStep.isEmpty()) {
            // momentum makes of each step as much as 1/(1 − momentum) of them
            firstStep = OptionalDouble.of((1 - options.momentum()) / operator.eigenvalueBound());
            operator.restart();
        }
        double alpha = firstStep.getAsDouble();
        String advice =
                "use a step size below " + StochasticOperator.number(alpha) + ", larger batches or a larger damping";
        double[][] solutions = operator.precondition(vectors);
        double[][] velocities = new double[vectors.length][vectors[0].length];
        for (int step = 1; step <= options.iterations(); step++) {
            step(vectors, solutions, velocities, alpha);
            operator.requireBounded(solutions, vectors, step, advice);
            if (step % options.halveEvery() == 0) {
                alpha /= 2;
            }
            progress.progress("ASTRA", step, options.iterations());
        }
        double residual = operator.requireSmallResidual(solutions, vectors, advice);
        report = operator.takeReport(vectors.length, options.iterations(), residual);
        return solutions;
    }

    private void step(double[][] vectors, double[][] solutions, double[][] velocities, double alpha) {
        double[][] gradients = operator.multiplyNextBatch(solutions);
        for (int j = 0; j < gradients.length; j++) {
            Vectors.add(-1, vectors[j], gradients[j]);
        }
        double[][] preconditioned = operator.precondition(gradients);
        for (int j = 0; j < solutions.length; j++) {
            for (int k = 0; k < velocities[j].length; k++) {
                velocities[j][k] = options.momentum() * velocities[j][k] + preconditioned[j][k];
            }
            Vectors.add(-alpha, velocities[j], solutions[j]);
        }
    }

    /** The right-hand side, solution, velocity, gradient, the gradient preconditioned. */
    @Override
    public int vectorsHeld() {
        return 5;
    }

    @Override
    public SolverReport report() {
        return report;
    }

    @Override
    public void close() {
        operator.close();
    }
}
