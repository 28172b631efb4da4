package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.linalg.MatrixBackend;

/** Adds up the outer products of one layer's inputs and output gradients: (i² + o²)/O flops a position. */
final class CovarianceAccumulator extends OuterProductSums {

    /** Where {@code ownInput} is false, another layer reads the same input and adds up its products. */
    CovarianceAccumulator(
            MatrixBackend backend,
            LayerSpec layer,
            CovarianceStage.Options options,
            boolean ownInput,
            Scratch widened) {
        super(backend, layer, options, ownInput, widened);
    }

    @Override
    void addProducts(UploadedCapture capture, int objectiveIndex) {
        // inputs do not depend on the objective, so they count once
        if (objectiveIndex == 0 && ownInput()) {
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
