package io.github.influence4j.decoder;

import io.github.influence4j.linalg.BackendMatrix;

/** Is told of each linear map on the way back through a decoder. */
interface LinearMapVisitor {

    /** Looks at nothing. */
    LinearMapVisitor NONE = (map, block, firstRow, inputs, outputGradients) -> {};

    /**
     * Visits a map; the matrices are used again afterwards.
     *
     * @param map the map
     * @param block its block; 0 for the head
     * @param firstRow the first row of the matrices: not 0 only for the head, which comes in blocks of rows
     * @param inputs its inputs [rows, i], with the ones of the bias as the last column
     * @param outputGradients the gradients at its outputs [rows, o]
     */
    void visit(LinearMap map, int block, int firstRow, BackendMatrix inputs, BackendMatrix outputGradients);
}
