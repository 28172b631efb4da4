package io.github.influence4j.dl4j;

import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;

/** An activation that tells its layer's gradient, which only passes through here on its way back. */
final class RecordingActivation implements IActivation {

    private static final long serialVersionUID = 1;

    private final IActivation activation;
    private final transient TracedLayer layer;

    RecordingActivation(IActivation activation, TracedLayer layer) {
        this.activation = activation;
        this.layer = layer;
    }

    @Override
    public INDArray getActivation(INDArray in, boolean training) {
        return activation.getActivation(in, training);
    }

    @Override
    public Pair<INDArray, INDArray> backprop(INDArray in, INDArray epsilon) {
        Pair<INDArray, INDArray> gradients = activation.backprop(in, epsilon);
        layer.record(gradients.getFirst());
        return gradients;
    }

    @Override
    public int numParams(int inputSize) {
        return activation.numParams(inputSize);
    }
}
