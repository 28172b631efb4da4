package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.linalg.MatrixBackend;

/** Adds up the outer products of one layer's inputs and output gradients: (i² + o²)/O flops a position. */
final class CovarianceAccumulator extends OuterProductSums {

    CovarianceAccumulator(MatrixBackend backend, LayerSpec layer, int weight, int blocks) {
        super(backend, layer, weight, blocks);
    }

    @Override
    void addProducts(UploadedCapture capture, int objectiveIndex) {
        // inputs do not depend on the objective, so they count once
        if (objectiveIndex == 0) {
            addActivations(capture.activations(), capture.activationExponent());
        }
        addGradients(capture.outputGradients(), capture.gradientExponent());
    }

    @Override
    long activationTerms(long examples, long positions, int weight) {
        return positions;
    }

    @Override
    long gradientTerms(long examples, long positions, int weight) {
        return positions * weight;
    }
}
