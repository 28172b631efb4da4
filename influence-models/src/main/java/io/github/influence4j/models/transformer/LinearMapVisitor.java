package io.github.influence4j.models.transformer;

import io.github.influence4j.linalg.BackendMatrix;

/** Is told of each linear map on the way back through a transformer. */
interface LinearMapVisitor {

    /**
     * Visits a map; the matrices are used again afterwards.
     *
     * @param map the map
     * @param block its block; 0 for the head
     * @param inputs its inputs [rows, i], with the ones of the bias as the last column
     * @param outputGradients the gradients at its outputs [rows, o]
     */
    void visit(LinearMap map, int block, BackendMatrix inputs, BackendMatrix outputGradients);
}
