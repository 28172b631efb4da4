package io.github.influence4j.decoder;

import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;

/**
 * The products with the weights of the linear maps.
 *
 * @param backend computes
 * @param weights the weights
 */
record Products(MatrixBackend backend, ParameterMatrices weights) {

    /** outputs = inputs Wᵀ; inputs have the ones of the bias. */
    void forward(LinearMap map, int block, BackendMatrix inputs, BackendMatrix outputs) {
        backend.multiply(Operand.of(inputs), Operand.transposed(weights.map(map, block)), outputs);
    }

    /** result = gradients W, without the bias. */
    void back(LinearMap map, int block, BackendMatrix gradients, BackendMatrix result) {
        backend.multiply(Operand.of(gradients), Operand.of(weights.kernel(map, block)), result);
    }

    /** result = tangents Wᵀ + inputs dWᵀ. */
    void tangent(
            LinearMap map,
            int block,
            BackendMatrix inputs,
            BackendMatrix tangents,
            ParameterMatrices direction,
            BackendMatrix result) {
        backend.multiply(Operand.of(tangents), Operand.transposed(weights.kernel(map, block)), result);
        backend.multiply(1, Operand.of(inputs), Operand.transposed(direction.map(map, block)), 1, result);
    }
}
