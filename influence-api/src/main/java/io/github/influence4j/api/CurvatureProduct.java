package io.github.influence4j.api;

import java.util.ArrayList;
import java.util.List;

/**
 * A model that can multiply the Gauss-Newton matrix of a batch with a vector.
 *
 * <p>Optional: what iterative solvers need. A model that offers {@link OutputHessianRoots} gets it from {@code
 * HessianRootProduct} of influence-baselines, at the cost of one capture a column of the root.
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

    /**
     * Multiplies several vectors with the Gauss-Newton matrix of the same batch. Models that can share work between them,
     * such as the forward pass, override this.
     *
     * @param batch the examples
     * @param vectors the vectors
     * @return their products, in the same order
     * @throws IllegalArgumentException if a vector's layers are not the model's
     */
    default List<LayerGradients> products(ExampleBatch<E> batch, List<LayerGradients> vectors) {
        List<LayerGradients> products = new ArrayList<>(vectors.size());
        for (LayerGradients vector : vectors) {
            products.add(product(batch, vector));
        }
        return products;
    }

    /**
     * Estimates what {@link #products} costs, for comparisons of solvers; a multiplication with an addition counts as 2.
     *
     * <p>This default holds for models that run each layer once an example and share the forward pass: 2nP for that, and
     * 8nP a vector for the tangents and the way back, with P parameters. Others override it.
     *
     * @param batch the examples
     * @param vectors number of vectors
     * @return flops
     */
    default double productFlops(ExampleBatch<E> batch, int vectors) {
        double parameters = layers().stream().mapToDouble(LayerSpec::parameters).sum();
        return batch.size() * parameters * (2 + 8.0 * vectors);
    }
}
