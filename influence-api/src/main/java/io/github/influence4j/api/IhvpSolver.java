package io.github.influence4j.api;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Multiplies vectors with an inverse damped curvature, v ↦ (G+λI)⁻¹v.
 *
 * <p>Every estimator gives one, so that any can be exchanged for or compared with any other. A solver may own native
 * memory; whoever made it closes it. Solvers are safe for use by several threads unless they say otherwise.
 */
public interface IhvpSolver extends AutoCloseable {

    /** Option of the provenance of a solver that iterates: the largest ‖v − (G + diag(λ))x‖ / ‖v‖ of the solves so far. */
    String LARGEST_RESIDUAL = "largest relative residual";

    /**
     * Returns the layers the solver was made for.
     *
     * @return the layers, in the order of the vectors
     */
    List<LayerSpec> layers();

    /**
     * Computes (G+λI)⁻¹v.
     *
     * @param vector v
     * @return a new vector
     * @throws IllegalArgumentException if the vector is of other layers
     * @throws NumericalException if the vector holds a NaN or infinite number
     */
    LayerGradients solve(LayerGradients vector);

    /**
     * Computes (G+λI)⁻¹v for several vectors. Solvers for which that is cheaper than one by one override this.
     *
     * @param vectors the vectors
     * @return the solutions, in the same order
     * @throws IllegalArgumentException if a vector is of other layers
     * @throws NumericalException if a vector holds a NaN or infinite number
     */
    default List<LayerGradients> solveAll(List<LayerGradients> vectors) {
        List<LayerGradients> solutions = new ArrayList<>(vectors.size());
        for (LayerGradients vector : vectors) {
            solutions.add(solve(vector));
        }
        return solutions;
    }

    /**
     * Returns the λ of each layer that is in force.
     *
     * @return the damping
     */
    LayerDamping damping();

    /**
     * Returns how the curvature was made.
     *
     * @return the provenance
     */
    Provenance provenance();

    /**
     * Returns the flops of all solves so far.
     *
     * @return empty where the solver does not count them
     */
    default OptionalDouble solveFlops() {
        return OptionalDouble.empty();
    }

    /**
     * Returns what this and its curvature keep in memory while some right-hand sides are solved for together, without model
     * and data.
     *
     * @param rightHandSides their number
     * @return bytes; empty where the solver does not count them
     */
    default OptionalDouble heldBytes(int rightHandSides) {
        return OptionalDouble.empty();
    }

    @Override
    void close();
}
