package io.github.influence4j.api;

/**
 * A model that can multiply the Gauss-Newton matrix of a batch with a vector.
 *
 * @param <E> the host's type of an example
 */
public interface CurvatureProduct<E> extends GradientProvider<E> {

    /**
     * Computes Σ_z J_zᵀ H_z J_z v over the examples of a batch (a sum, not a mean), where J_z is the Jacobian of the
     * model's outputs and H_z the Hessian of the loss in the outputs.
     *
     * @param batch the examples
     * @param vector v, one [o, i] matrix for each of {@link #layers()}
     * @return a new vector of the same shape
     * @throws IllegalArgumentException if the vector's layers are not the model's
     */
    LayerGradients product(ExampleBatch<E> batch, LayerGradients vector);
}
