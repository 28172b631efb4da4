package io.github.influence4j.decoder;

import io.github.influence4j.linalg.BackendMatrix;

/** What stands beside the residual stream of a block: its attention or its MLP. */
interface Branch {

    /** Starts on other rows. */
    void load(SequenceRows rows);

    /**
     * Computes the branch.
     *
     * @param block which block
     * @param inputs [rows, d], with a column of ones where the first map has a bias
     * @param outputs receives [rows, d]
     */
    void forward(int block, BackendMatrix inputs, BackendMatrix outputs);

    /**
     * Carries gradients back and visits both maps, the last first; what {@link #forward} left is still there.
     *
     * @param atOutputs gradients at the outputs
     * @param further whether the gradients at the inputs are wanted
     * @param atInputs receives them, [rows, d]
     */
    void backward(
            int block,
            BackendMatrix inputs,
            BackendMatrix atOutputs,
            LinearMapVisitor visitor,
            boolean further,
            BackendMatrix atInputs);

    /**
     * Computes the tangents of the outputs along tangents of the inputs and a direction of the weights.
     *
     * @param inputTangents [rows, d]
     * @param outputTangents receives [rows, d]
     */
    void tangent(
            int block,
            BackendMatrix inputs,
            BackendMatrix inputTangents,
            ParameterMatrices direction,
            BackendMatrix outputTangents);

    /** Writes the gradients of the branch's own norms. */
    void gains(ParameterMatrices result);
}
