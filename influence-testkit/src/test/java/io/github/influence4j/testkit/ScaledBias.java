package io.github.influence4j.testkit;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.testkit.TokenNetwork.Sequence;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A host that multiplies changes of its biases by a factor, which its provider does not know. */
record ScaledBias(TokenNetwork network, double factor, Map<LayerSpec, double[][]> captured)
        implements HostModel<Sequence> {

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

    ScaledBias(TokenNetwork network, double factor) {
        this(network, factor, new HashMap<>());
    }

    @Override
    public double[][] weights(LayerSpec layer) {
        return captured.computeIfAbsent(layer, network::weights);
    }

    @Override
    public void setWeights(LayerSpec layer, double[][] weights) {
        double[][] moved = new double[weights.length][];
        for (int o = 0; o < moved.length; o++) {
            moved[o] = weights[o].clone();
            int bias = layer.inputs();
            double own = weights(layer)[o][bias];
            moved[o][bias] = own + factor * (weights[o][bias] - own);
        }
        network.setWeights(layer, moved);
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
