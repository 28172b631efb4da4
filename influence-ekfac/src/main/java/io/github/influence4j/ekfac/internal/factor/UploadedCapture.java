package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.linalg.BackendMatrix;

/**
 * A checked capture in the backend's memory: the bias column appended, masked rows zero in both matrices. Valid only while
 * it is being accepted.
 *
 * @param layer the layer
 * @param layerIndex its index among the layers of the pass
 * @param examples n
 * @param positions t
 * @param tokens tokens of an example: t, or t divided by the uses of a shared layer
 * @param realPositions number of rows that are not masked
 * @param activations ā, [n·t, i], packed
 * @param outputGradients g, [n·t, o], packed
 * @param activationExponent e, where the activations are those of the host times 2^e; 0 unless the pass scales
 * @param gradientExponent likewise of the output gradients
 */
public record UploadedCapture(
        LayerSpec layer,
        int layerIndex,
        int examples,
        int positions,
        int tokens,
        int realPositions,
        BackendMatrix activations,
        BackendMatrix outputGradients,
        int activationExponent,
        int gradientExponent) {

    /**
     * Returns the exponent of products of both.
     *
     * @return e, where gradients of the examples are the host's times 2^e
     */
    public int exponent() {
        return activationExponent + gradientExponent;
    }

    /** Tells whether the numbers are the host's own, not a copy. */
    @SuppressWarnings("ReferenceEquality")
    boolean uses(LayerCapture capture) {
        return activations == capture.activations() || outputGradients == capture.outputGradients();
    }

    /**
     * Returns a range of the examples.
     *
     * @param first first example
     * @param count number of examples
     * @return the same capture, cut; {@code realPositions} is that of the whole
     */
    public UploadedCapture examples(int first, int count) {
        return new UploadedCapture(
                layer,
                layerIndex,
                count,
                positions,
                tokens,
                realPositions,
                activations.rows(first * positions, count * positions),
                outputGradients.rows(first * positions, count * positions),
                activationExponent,
                gradientExponent);
    }

    /**
     * Returns the same capture with other numbers.
     *
     * @param newActivations [n·t, i], packed
     * @param newOutputGradients [n·t, o], packed
     * @return a new capture
     */
    public UploadedCapture with(BackendMatrix newActivations, BackendMatrix newOutputGradients) {
        return new UploadedCapture(
                layer,
                layerIndex,
                examples,
                positions,
                tokens,
                realPositions,
                newActivations,
                newOutputGradients,
                activationExponent,
                gradientExponent);
    }
}
