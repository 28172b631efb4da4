package io.github.influence4j.api;

import java.util.Optional;

/**
 * A model whose tracked weights can be moved and whose outputs can then be looked at.
 *
 * <p>The proximal Bregman response function and the influence of output and input tokens need it. Shapes: n examples, t
 * positions (1 where an example has one output; examples of a batch may differ in t), o outputs, d the width of an
 * embedding. Implementations need not be safe for use by several threads at once; models made by {@link #at} are
 * independent of each other and of the model they came from.
 *
 * @param <E> the host's type of an example
 */
public interface PerturbableModel<E> extends GradientProvider<E>, AutoCloseable {

    /**
     * Makes the model with other weights, θ + offset. Weights that are not tracked stay.
     *
     * @param offset one [o, i] matrix for each of {@link #layers()}, bias in the last column
     * @return an independent model, which the caller closes
     * @throws IllegalArgumentException if the offset's layers are not the model's
     * @throws NumericalException if a weight becomes NaN or infinite, naming the layer
     */
    PerturbableModel<E> at(LayerGradients offset);

    /**
     * Makes the same model in float64, for small differences between its values at weights that are near to each other.
     *
     * @return an independent model, which the caller closes after those that it makes of it; empty where there is none
     */
    default Optional<? extends PerturbableModel<E>> inFloat64() {
        return Optional.empty();
    }

    /**
     * Returns how the training loss depends on the outputs.
     *
     * @return the loss at one position
     */
    Loss outputLoss();

    /**
     * Computes the outputs ŷ (before a softmax).
     *
     * @param batch the examples; their labels are not looked at
     * @return [n][t][o]
     * @throws NumericalException if an output is NaN or infinite, naming the example
     */
    double[][][] positionOutputs(ExampleBatch<E> batch);

    /**
     * Computes Σ_z J_zᵀ u_z, the gradient in the tracked weights of Σ ⟨u, ŷ⟩ over the examples and positions of a batch
     * with u held constant.
     *
     * @param batch the examples; their labels are not looked at
     * @param outputGradients u, [n][t][o] as {@link #positionOutputs} gives them
     * @return one [o, i] matrix for each layer
     * @throws IllegalArgumentException if u has another shape
     */
    LayerGradients transposedJacobianProduct(ExampleBatch<E> batch, double[][][] outputGradients);

    /**
     * Computes an objective at each position.
     *
     * @param batch the examples
     * @param objective {@link Objective.TrainingLoss} or {@link Objective.Measurement}
     * @return [n][t]; positions that the objective does not count have 0
     * @throws UnsupportedOperationException if the model does not offer the objective's value
     */
    double[][] positionObjectives(ExampleBatch<E> batch, Objective objective);

    /**
     * Computes an objective of each example: the sum over its positions.
     *
     * @param batch the examples
     * @param objective {@link Objective.TrainingLoss} or {@link Objective.Measurement}
     * @return n values
     * @throws UnsupportedOperationException if the model does not offer the objective's value
     */
    default double[] objectives(ExampleBatch<E> batch, Objective objective) {
        double[][] positions = positionObjectives(batch, objective);
        double[] values = new double[positions.length];
        for (int z = 0; z < values.length; z++) {
            for (double value : positions[z]) {
                values[z] += value;
            }
        }
        return values;
    }

    /**
     * Returns the embeddings e of the input tokens, as they are looked up and before anything is added to them.
     *
     * @param batch the examples
     * @return [n][t][d]
     * @throws UnsupportedOperationException if the model embeds nothing
     */
    default double[][][] embeddings(ExampleBatch<E> batch) {
        throw new UnsupportedOperationException("the model has no input embeddings");
    }

    /**
     * Computes the gradient of an objective in the embeddings of the input tokens.
     *
     * @param batch the examples
     * @param objective what to take the gradient of
     * @return [n][t][d]
     * @throws UnsupportedOperationException if the model embeds nothing
     */
    default double[][][] embeddingGradients(ExampleBatch<E> batch, Objective objective) {
        throw new UnsupportedOperationException("the model has no input embeddings");
    }

    @Override
    void close();
}
