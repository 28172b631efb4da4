package io.github.influence4j.decoder;

import io.github.influence4j.api.Matrix;

/** Where the weights of a published checkpoint come from, by the names that its family gives them. */
@FunctionalInterface
public interface WeightSource {

    /**
     * Finds a tensor, which is read while the model is made.
     *
     * @param name such as {@code model.layers.0.mlp.gate_proj.weight}
     * @param rows rows that it must have; 1 for a vector
     * @param columns columns that it must have, or the length of a vector
     * @return its numbers, in any precision
     * @throws IllegalArgumentException if there is no such tensor or it has another shape, naming the file and both shapes
     */
    Matrix matrix(String name, int rows, int columns);
}
