package io.github.influence4j.api;

import java.util.List;

/**
 * A curvature that was fitted to a model and a data set and waits for a damping.
 *
 * <p>Whoever fitted it closes it, after the solvers that were made from it.
 */
public interface Curvature extends AutoCloseable {

    /**
     * Returns the layers it was fitted to.
     *
     * @return the layers, in the model's order
     */
    List<LayerSpec> layers();

    /**
     * Turns a damping into one λ for each layer.
     *
     * @param damping absolute, or relative to each layer's mean eigenvalue
     * @return λ by layer
     */
    LayerDamping resolve(Damping damping);

    /**
     * Makes a solver. Cheap for the approximations; the exact ones factorise here.
     *
     * @param damping λ by layer
     * @return a solver that the caller closes, before this curvature
     * @throws IllegalArgumentException if a layer has no λ
     * @throws NumericalException if the damped curvature is singular
     */
    IhvpSolver solver(LayerDamping damping);

    /**
     * Makes a solver.
     *
     * @param damping absolute, or relative to each layer's mean eigenvalue
     * @return a solver that the caller closes, before this curvature
     * @throws NumericalException if the damped curvature is singular
     */
    default IhvpSolver solver(Damping damping) {
        return solver(resolve(damping));
    }

    /**
     * Returns how the curvature was made.
     *
     * @return the provenance
     */
    Provenance provenance();

    @Override
    void close();
}
