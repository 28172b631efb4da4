package io.github.influence4j.testkit;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.testkit.TokenNetwork.Sequence;
import java.util.List;

/** A host whose biases count twice in its loss, which its provider does not know. */
record BiasTwice(TokenNetwork network) implements HostModel<Sequence> {

    @Override
    public GradientProvider<Sequence> provider() {
        return network;
    }

    @Override
    public ExampleSource<Sequence> examples() {
        return network.examples();
    }

    @Override
    public double[] losses(List<Sequence> examples) {
        return network.losses(examples);
    }

    @Override
    public double[][] weights(LayerSpec layer) {
        return scaled(network.weights(layer), 0.5);
    }

    @Override
    public void setWeights(LayerSpec layer, double[][] weights) {
        network.setWeights(layer, scaled(weights, 2));
    }

    private static double[][] scaled(double[][] weights, double factor) {
        double[][] copy = new double[weights.length][];
        for (int o = 0; o < copy.length; o++) {
            copy[o] = weights[o].clone();
            copy[o][copy[o].length - 1] *= factor;
        }
        return copy;
    }

    @Override
    public Prediction prediction(Sequence example) {
        return network.prediction(example);
    }

    @Override
    public Precision precision() {
        return network.precision();
    }
}
