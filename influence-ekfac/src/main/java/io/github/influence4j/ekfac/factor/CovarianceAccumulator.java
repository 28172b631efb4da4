package io.github.influence4j.ekfac.factor;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;

/**
 * Adds up the outer products of one layer's inputs and output gradients.
 *
 * <p>Costs i² + o² flops a position (symmetric rank updates) and 8(i² + o²) bytes, half as much again in float32.
 */
final class CovarianceAccumulator implements AutoCloseable {

    private final MatrixBackend backend;
    private final LayerSpec layer;
    private final int weight;
    private final RunningSum activation;
    private final RunningSum gradient;
    private long positions;

    CovarianceAccumulator(MatrixBackend backend, LayerSpec layer, int weight) {
        this.backend = backend;
        this.layer = layer;
        this.weight = weight;
        this.activation = new RunningSum(backend, layer.gradientColumns(), layer.gradientColumns());
        this.gradient = new RunningSum(backend, layer.outputs(), layer.outputs());
    }

    void add(UploadedCapture capture, int objectiveIndex) {
        long rows = capture.activations().rows();
        // inputs do not depend on the objective, so they count once
        if (objectiveIndex == 0) {
            activation.add(rows, (beta, sum) -> backend.rankUpdate(1, capture.activations(), beta, sum));
            positions += capture.realPositions();
        }
        gradient.add(rows, (beta, sum) -> backend.rankUpdate(1, capture.outputGradients(), beta, sum));
    }

    /** Hands the means over and frees the rest. */
    LayerCovariance release() {
        if (positions == 0) {
            throw new NumericalException("layer " + layer.name() + ": every position of the data set is masked");
        }
        return new LayerCovariance(layer, mean(activation, positions), mean(gradient, positions * weight), positions);
    }

    private BackendMatrix mean(RunningSum sum, long count) {
        backend.mirrorUpper(sum.value());
        return sum.releaseMean(count);
    }

    @Override
    public void close() {
        activation.close();
        gradient.close();
    }
}
