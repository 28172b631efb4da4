package io.github.influence4j.baselines.iterative;

import java.util.Optional;

/**
 * What an iterative solver did, in units that do not depend on the machine.
 *
 * @param rightHandSides vectors solved for
 * @param iterations most iterations that any of them took
 * @param products products of a batch's Gauss-Newton matrix with one vector, those for step sizes included
 * @param exampleProducts the same, weighted with the examples of the batches: what a product of the whole training set is N
 *     of
 * @param flops estimate for the products ({@link io.github.influence4j.api.CurvatureProduct#productFlops}) and for the
 *     rotations of an eigenbasis preconditioner; sums of vectors are left out
 * @param largestResidual largest ‖v − (G+λ)x‖ / ‖v‖ of any right-hand side
 * @param converged whether every right-hand side reached the tolerance; empty where the method has none (LiSSA, ASTRA), whose
 *     residual is to be looked at, and where nothing was solved
 */
public record SolverReport(
        int rightHandSides,
        int iterations,
        long products,
        long exampleProducts,
        double flops,
        double largestResidual,
        Optional<Boolean> converged) {

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
}
