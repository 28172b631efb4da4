package io.github.influence4j.baselines.iterative;

import io.github.influence4j.api.ProgressListener;
import java.util.OptionalDouble;

/** The recursion of LiSSA for several right-hand sides, which share the batches. */
final class LissaIteration<E> implements IterativeSolver.Iteration {

    private final StochasticOperator<E> operator;
    private final LissaOptions options;
    private final int depth;
    private final ProgressListener progress;
    private OptionalDouble scale;
    private SolverReport report = SolverReport.none();

    LissaIteration(StochasticOperator<E> operator, LissaOptions options, int depth, ProgressListener progress) {
        this.operator = operator;
        this.options = options;
        this.depth = depth;
        this.progress = progress;
        this.scale = options.scale();
    }

    @Override
    public double[][] solve(double[][] vectors) {
        operator.restart();
        if (scale.isEmpty()) {
            scale = OptionalDouble.of(operator.eigenvalueBound());
            operator.restart();
        }
        double sigma = scale.getAsDouble();
        String advice =
                "use a scale above " + StochasticOperator.number(sigma) + ", larger batches or a larger damping";
        double[][] sum = new double[vectors.length][vectors[0].length];
        for (int repeat = 0; repeat < options.repeats(); repeat++) {
            double[][] solutions = recursion(vectors, sigma, repeat, advice);
            for (int j = 0; j < sum.length; j++) {
                Vectors.add(1.0 / options.repeats(), solutions[j], sum[j]);
            }
        }
        double residual = operator.requireSmallResidual(sum, vectors, advice);
        report = operator.takeReport(vectors.length, depth, residual);
        return sum;
    }

    private double[][] recursion(double[][] vectors, double sigma, int repeat, String advice) {
        double[][] solutions = new double[vectors.length][];
        for (int j = 0; j < solutions.length; j++) {
            solutions[j] = Vectors.scaled(1 / sigma, vectors[j]);
        }
        for (int step = 1; step <= depth; step++) {
            double[][] products = operator.multiplyNextBatch(solutions);
            for (int j = 0; j < solutions.length; j++) {
                Vectors.add(1 / sigma, vectors[j], solutions[j]);
                Vectors.add(-1 / sigma, products[j], solutions[j]);
            }
            operator.requireBounded(solutions, vectors, step, advice);
            progress.progress("LiSSA", (long) repeat * depth + step, (long) options.repeats() * depth);
        }
        return solutions;
    }

    /** The right-hand side, the sum of the repeats, solution and its product. */
    @Override
    public int vectorsHeld() {
        return 4;
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
