package io.github.influence4j.dl4j;

import io.github.influence4j.adapter.OutputGradients;
import io.github.influence4j.adapter.ParameterCoverage;
import io.github.influence4j.adapter.ParameterCoverage.Uncovered;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.layers.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.layers.normalization.BatchNormalization;
import org.nd4j.linalg.activations.impl.ActivationRReLU;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.lossfunctions.impl.LossL2;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossMSE;
import org.nd4j.linalg.lossfunctions.impl.LossNegativeLogLikelihood;

/** Puts recorders into the layers of a copy, and takes out what makes a training pass random. */
final class LayerTracing {

    private final List<TracedLayer> traced = new ArrayList<>();
    private final List<Uncovered> uncovered = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();
    private final ObjectiveLoss loss;
    private final OutputGradients gradients;
    private final int outputs;
    private long tracedParameters;

    LayerTracing(NetworkCopy network, Set<String> excluded) {
        List<NetworkCopy.Named> layers = network.layers();
        Set<String> unknown = new HashSet<>(excluded);
        layers.forEach(named -> unknown.remove(named.name()));
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("no layers " + unknown + " among "
                    + layers.stream().map(NetworkCopy.Named::name).toList());
        }
        for (int l = 0; l < layers.size(); l++) {
            settle(network, l, layers.get(l), excluded.contains(layers.get(l).name()));
        }
        NetworkCopy.Named last = layers.get(layers.size() - 1);
        if (!(last.layer().conf().getLayer() instanceof OutputLayer conf)) {
            throw new IllegalArgumentException(
                    "layer " + last.name() + ": the last layer must be an OutputLayer, found " + kind(last.layer()));
        }
        if (!refused.isEmpty()) {
            throw new IllegalArgumentException("these layers cannot be traced; name those to leave out as excluded: "
                    + String.join("; ", refused));
        }
        this.outputs = Math.toIntExact(conf.getNOut());
        this.gradients = outputGradients(last.name(), conf);
        TracedLayer output = traced.stream()
                .filter(t -> t.spec().name().equals(last.name()))
                .findFirst()
                .orElseGet(
                        () -> new TracedLayer(spec(last.name(), conf, last.layer()), last.layer(), Optional.empty()));
        this.loss = new ObjectiveLoss(output, gradients, gradients.loss() == Loss.SOFTMAX_CROSS_ENTROPY);
        conf.setLossFn(loss);
    }

    private void settle(NetworkCopy network, int index, NetworkCopy.Named named, boolean exclude) {
        Layer layer = named.layer();
        if (layer.conf().getLayer() != null) {
            layer.conf().getLayer().setIDropout(null);
        }
        if (layer.conf().getLayer() instanceof BaseLayer conf) {
            conf.setWeightNoise(null);
            if (conf.getActivationFn() instanceof ActivationRReLU) {
                throw new IllegalArgumentException(
                        "layer " + named.name() + ": activation RReLU draws its slopes at random in a training pass");
            }
        }
        if (layer instanceof BatchNormalization normalization) {
            network.replace(index, new FrozenBatchNormalization(normalization));
        }
        if (layer.numParams() == 0) {
            return;
        }
        Optional<String> problem = problem(layer);
        if (exclude) {
            uncovered.add(new Uncovered(
                    named.name(),
                    kind(layer),
                    layer.numParams(),
                    problem.map(p -> "excluded: " + p).orElse("excluded")));
            return;
        }
        if (problem.isPresent()) {
            refused.add(
                    named.name() + " (" + kind(layer) + ", " + layer.numParams() + " parameters): " + problem.get());
            return;
        }
        trace(named);
    }

    private void trace(NetworkCopy.Named named) {
        BaseLayer conf = (BaseLayer) named.layer().conf().getLayer();
        Optional<ConvolutionLayer> convolution = conf instanceof ConvolutionLayer c ? Optional.of(c) : Optional.empty();
        TracedLayer layer = new TracedLayer(spec(named.name(), conf, named.layer()), named.layer(), convolution);
        if (!(conf instanceof OutputLayer)) {
            conf.setActivationFn(new RecordingActivation(conf.getActivationFn(), layer));
        }
        tracedParameters += layer.spec().parameters();
        traced.add(layer);
    }

    private static LayerSpec spec(String name, BaseLayer conf, Layer layer) {
        INDArray weights = layer.getParam("W");
        boolean bias = layer.paramTable().containsKey("b");
        boolean patches = conf instanceof ConvolutionLayer;
        int outputs = Math.toIntExact(patches ? weights.size(0) : weights.size(1));
        return new LayerSpec(
                name,
                Math.toIntExact(weights.length() / outputs),
                outputs,
                bias,
                patches ? LayerSpec.Positions.PATCHES : LayerSpec.Positions.NONE);
    }

    /** Says why a layer with parameters cannot be traced. */
    private static Optional<String> problem(Layer layer) {
        if (layer instanceof FrozenLayer || layer instanceof FrozenLayerWithBackprop) {
            return Optional.of("frozen, so training did not touch it");
        }
        Object conf = layer.conf().getLayer();
        if (conf.getClass() == DenseLayer.class) {
            return ((DenseLayer) conf).hasLayerNorm()
                    ? Optional.of("layer normalisation inside a dense layer")
                    : Optional.empty();
        }
        if (conf.getClass() == ConvolutionLayer.class) {
            return ((ConvolutionLayer) conf).getCnn2dDataFormat() == CNN2DFormat.NCHW
                    ? Optional.empty()
                    : Optional.of("the format NHWC");
        }
        if (conf.getClass() == OutputLayer.class) {
            return Optional.empty();
        }
        return Optional.of("not a dense, output or two-dimensional convolution layer");
    }

    private static String kind(Layer layer) {
        return layer.conf().getLayer().getClass().getSimpleName();
    }

    private static OutputGradients outputGradients(String name, OutputLayer conf) {
        ILossFunction function = conf.getLossFn();
        boolean crossEntropy =
                function.getClass() == LossMCXENT.class || function.getClass() == LossNegativeLogLikelihood.class;
        if (crossEntropy
                && conf.getActivationFn() instanceof ActivationSoftmax
                && ((LossMCXENT) function).getWeights() == null) {
            return new OutputGradients(Loss.SOFTMAX_CROSS_ENTROPY, 1);
        }
        boolean squares = function.getClass() == LossL2.class || function.getClass() == LossMSE.class;
        if (squares
                && !(conf.getActivationFn() instanceof ActivationSoftmax)
                && ((LossL2) function).getWeights() == null) {
            // L2 is the sum of the squares, MSE their mean
            return new OutputGradients(
                    Loss.SQUARED_ERROR, function.getClass() == LossL2.class ? 2 : 2.0 / conf.getNOut());
        }
        throw new IllegalArgumentException("layer " + name
                + ": expected softmax with MCXENT or NEGATIVELOGLIKELIHOOD, or "
                + "another activation with L2 or MSE, without weights; found " + conf.getActivationFn() + " with "
                + function);
    }

    List<TracedLayer> traced() {
        return traced;
    }

    ObjectiveLoss loss() {
        return loss;
    }

    OutputGradients gradients() {
        return gradients;
    }

    int outputs() {
        return outputs;
    }

    ParameterCoverage coverage() {
        return new ParameterCoverage(tracedParameters, uncovered);
    }
}
