package io.github.influence4j.baselines.iterative;

import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Provenance;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Solves (G + diag(λ))x = v by iterations, for all right-hand sides together, and reports what it took.
 *
 * <p>Uses its model and data set at every solve, so these must stay open. Not for use by several threads.
 */
public final class IterativeSolver implements IhvpSolver {

    private final List<LayerSpec> layers;
    private final LayerDamping damping;
    private final Provenance provenance;
    private final Iteration iteration;
    private SolverReport report = SolverReport.none();

    IterativeSolver(List<LayerSpec> layers, LayerDamping damping, Provenance provenance, Iteration iteration) {
        this.layers = layers;
        this.damping = damping;
        this.provenance = provenance;
        this.iteration = iteration;
    }

    /** A method, bound to its operator. */
    interface Iteration extends AutoCloseable {

        /**
         * Solves.
         *
         * @param vectors finite right-hand sides, at least one; not changed
         * @return the solutions
         */
        double[][] solve(double[][] vectors);

        /** Vectors as long as the parameters that are alive for each right-hand side, itself and the solution among them. */
        int vectorsHeld();

        /** What the last {@link #solve} did. */
        SolverReport report();

        @Override
        void close();
    }

    @Override
    public List<LayerSpec> layers() {
        return layers;
    }

    /**
     * {@inheritDoc}
     *
     * @throws io.github.influence4j.api.NumericalException also if a product is not finite or the iteration diverges
     */
    @Override
    public LayerGradients solve(LayerGradients vector) {
        return solveAll(List.of(vector)).get(0);
    }

    /**
     * {@inheritDoc}
     *
     * @throws io.github.influence4j.api.NumericalException also if a product is not finite or the iteration diverges
     */
    @Override
    public List<LayerGradients> solveAll(List<LayerGradients> vectors) {
        if (vectors.isEmpty()) {
            return List.of();
        }
        double[][] solutions = iteration.solve(Vectors.flat(layers, vectors, "the vector to solve for"));
        report = report.plus(iteration.report());
        return Vectors.wrapped(layers, solutions);
    }

    /**
     * Returns what all solves so far took.
     *
     * @return the report
     */
    public SolverReport report() {
        return report;
    }

    @Override
    public OptionalDouble solveFlops() {
        return OptionalDouble.of(report.flops());
    }

    /** {@inheritDoc} The preconditioner is not counted either. */
    @Override
    public OptionalDouble heldBytes(int rightHandSides) {
        return OptionalDouble.of(8.0 * rightHandSides * iteration.vectorsHeld() * Vectors.parameters(layers));
    }

    @Override
    public LayerDamping damping() {
        return damping;
    }

    /** {@inheritDoc} Says how large the residuals of the solves so far are, where there were some. */
    @Override
    public Provenance provenance() {
        return report.rightHandSides() == 0
                ? provenance
                : provenance.withOption(LARGEST_RESIDUAL, Double.toString(report.largestResidual()));
    }

    @Override
    public void close() {
        iteration.close();
    }
}
