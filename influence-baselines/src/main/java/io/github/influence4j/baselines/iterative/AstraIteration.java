package io.github.influence4j.baselines.iterative;

import io.github.influence4j.api.KeptSolves;
import io.github.influence4j.api.ProgressListener;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** The preconditioned steps of ASTRA for several right-hand sides, which share the batches. */
final class AstraIteration<E> implements IterativeSolver.Iteration {

    private final StochasticOperator<E> operator;
    private final AstraOptions options;
    private final ProgressListener progress;
    private final KeptSolves kept;
    private OptionalDouble firstStep;
    private SolverReport report = SolverReport.none();

    AstraIteration(StochasticOperator<E> operator, AstraOptions options, ProgressListener progress, KeptSolves kept) {
        this.operator = operator;
        this.options = options;
        this.progress = progress;
        this.kept = kept;
        this.firstStep = options.stepSize();
    }

    @Override
    public double[][] solve(double[][] vectors) {
        String name = kept.name(vectors);
        Optional<KeptSolves.State> before = kept.find(name);
        // the step size was found from batches of the first solve: it is part of the state
        before.ifPresent(state -> firstStep = OptionalDouble.of(state.vectors().get(0)[0]));
        operator.restart();
        if (firstStep.isEmpty()) {
            // momentum makes of each step as much as 1/(1 − momentum) of them
            firstStep = OptionalDouble.of((1 - options.momentum()) / operator.eigenvalueBound());
            operator.restart();
        }
        double first = firstStep.getAsDouble();
        String advice =
                "use a step size below " + StochasticOperator.number(first) + ", larger batches or a larger damping";
        int count = vectors.length;
        double[][] solutions = before.map(
                        state -> state.vectors().subList(1, 1 + count).toArray(double[][]::new))
                .orElseGet(() -> operator.precondition(vectors));
        double[][] velocities = before.map(state ->
                        state.vectors().subList(1 + count, 1 + 2 * count).toArray(double[][]::new))
                .orElseGet(() -> new double[count][vectors[0].length]);
        int done = before.map(KeptSolves.State::iteration).orElse(0);
        operator.skip(done);
        for (int step = done + 1; step <= options.iterations(); step++) {
            double alpha = Math.scalb(first, -((step - 1) / options.halveEvery()));
            step(vectors, solutions, velocities, alpha);
            operator.requireBounded(solutions, vectors, step, advice);
            List<double[]> state = new ArrayList<>(List.of(new double[] {first}));
            state.addAll(Arrays.asList(solutions));
            state.addAll(Arrays.asList(velocities));
            kept.keep(name, new KeptSolves.State(step, state));
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
