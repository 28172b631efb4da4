package io.github.influence4j.decoder;

import io.github.influence4j.api.Matrix;

/** Takes the weights of a model as the tensors that its family publishes. */
@FunctionalInterface
public interface WeightSink {

    /**
     * Takes one tensor.
     *
     * @param name such as {@code model.layers.0.mlp.gate_proj.weight}
     * @param vector whether the tensor has one dimension: a bias, or the gain or shift of a norm; the matrix has one row then
     * @param numbers its numbers, in the precision of the model's backend; only valid during the call
     */
    void take(String name, boolean vector, Matrix numbers);
}
