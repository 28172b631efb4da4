package io.github.influence4j.baselines.iterative;

import java.util.Optional;

/**
 * What an iterative solver did, in units that do not depend on the machine.
 */
public final class SolverReport {

    private final int rightHandSides;
    private final int iterations;
    private final long products;
    private final long exampleProducts;
    private final double flops;
    private final double largestResidual;
    private final Optional<Boolean> converged;

    SolverReport(
            int rightHandSides,
            int iterations,
            long products,
            long exampleProducts,
            double flops,
            double largestResidual,
            Optional<Boolean> converged) {
        this.rightHandSides = rightHandSides;
        this.iterations = iterations;
        this.products = products;
        this.exampleProducts = exampleProducts;
        this.flops = flops;
        this.largestResidual = largestResidual;
        this.converged = converged;
    }

    /**
     * Returns the report of a solver that has not been used.
     *
     * @return zeros, and nothing known
     */
    public static SolverReport none() {
        return new SolverReport(0, 0, 0, 0, 0, 0, Optional.empty());
    }

    /**
     * Adds what was done elsewhere or later.
     *
     * @param other another report
     * @return sums of the counts, the larger of iterations and residuals; converged where both are known to be
     */
    public SolverReport plus(SolverReport other) {
        if (rightHandSides == 0) {
            return other;
        }
        return new SolverReport(
                rightHandSides + other.rightHandSides,
                Math.max(iterations, other.iterations),
                products + other.products,
                exampleProducts + other.exampleProducts,
                flops + other.flops,
                Math.max(largestResidual, other.largestResidual),
                both(converged, other.converged));
    }

    private static Optional<Boolean> both(Optional<Boolean> left, Optional<Boolean> right) {
        boolean failed = !left.orElse(true) || !right.orElse(true);
        return failed ? Optional.of(false) : left.flatMap(known -> right);
    }

    /**
     * Returns vectors solved for.
     *
     * @return vectors solved for
     */
    public int rightHandSides() {
        return rightHandSides;
    }

    /**
     * Returns most iterations that any of them took.
     *
     * @return most iterations that any of them took
     */
    public int iterations() {
        return iterations;
    }

    /**
     * Returns the products.
     *
     * @return products of a batch's Gauss-Newton matrix with one vector, those for step sizes included
     */
    public long products() {
        return products;
    }

    /**
     * Returns the products, weighted with the examples of their batches.
     *
     * @return products, weighted with the examples of the batches: what a product of the whole training set is N of
     */
    public long exampleProducts() {
        return exampleProducts;
    }

    /**
     * Returns the flops.
     *
     * @return estimate for the products ({@link io.github.influence4j.api.CurvatureProduct#productFlops}) and for the rotations of an eigenbasis preconditioner; sums of vectors are left out
     */
    public double flops() {
        return flops;
    }

    /**
     * Returns largest ‖v − (G+λ)x‖ / ‖v‖ of any right-hand side.
     *
     * @return largest ‖v − (G+λ)x‖ / ‖v‖ of any right-hand side
     */
    public double largestResidual() {
        return largestResidual;
    }

    /**
     * Returns whether every right-hand side reached the tolerance.
     *
     * @return whether every right-hand side reached the tolerance; empty where the method has none (LiSSA, ASTRA), whose residual is to be looked at, and where nothing was solved
     */
    public Optional<Boolean> converged() {
        return converged;
    }

    @Override
    public String toString() {
        return "SolverReport[rightHandSides=" + rightHandSides + ", iterations=" + iterations + ", products=" + products
                + ", exampleProducts=" + exampleProducts + ", flops=" + flops + ", largestResidual=" + largestResidual
                + ", converged=" + converged + "]";
    }
}
