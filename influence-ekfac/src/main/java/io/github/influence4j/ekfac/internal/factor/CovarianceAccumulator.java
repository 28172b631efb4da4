package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.linalg.MatrixBackend;

/**
 * Adds up the outer products of one layer's inputs and output gradients.
 *
 * <p>Costs (i² + o²)/O flops a position, with O diagonal blocks of each, and 8(i² + o²)/O bytes, half as much again in
 * float32.
 */
final class CovarianceAccumulator implements OuterProductSums {

    private final LayerSpec layer;
    private final int weight;
    private final BlockSum activation;
    private final BlockSum gradient;
    private long positions;

    CovarianceAccumulator(MatrixBackend backend, LayerSpec layer, int weight, int blocks) {
        this.layer = layer;
        this.weight = weight;
        this.activation = new BlockSum(backend, layer.gradientColumns(), blocks);
        this.gradient = new BlockSum(backend, layer.outputs(), blocks);
    }

    @Override
    public void add(UploadedCapture capture, int objectiveIndex) {
        // inputs do not depend on the objective, so they count once
        if (objectiveIndex == 0) {
            activation.add(capture.activations());
            positions += capture.realPositions();
        }
        gradient.add(capture.outputGradients());
    }

    @Override
    public LayerCovariance release() {
        if (positions == 0) {
            throw new NumericalException("layer " + layer.name() + ": every position of the data set is masked");
        }
        return releasePart();
    }

    /** Nothing at all has the mean 0. */
    @Override
    public LayerCovariance releasePart() {
        long count = Math.max(1, positions);
        BlockDiagonal activationMean = activation.releaseMean(count);
        try {
            return new LayerCovariance(layer, activationMean, gradient.releaseMean(count * weight), positions);
        } catch (RuntimeException | Error e) {
            activationMean.close();
            throw e;
        }
    }

    @Override
    public void close() {
        activation.close();
        gradient.close();
    }
}
