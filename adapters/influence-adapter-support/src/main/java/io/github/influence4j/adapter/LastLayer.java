package io.github.influence4j.adapter;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import java.util.List;
import java.util.function.Function;

/**
 * The last linear layer of any model as a provider: all that it needs is what goes into the layer and what comes out of it,
 * which every inference runtime can give.
 *
 * <p>Influence through the last layer only: what an example taught the layers below is not seen. A position here is an
 * example. The cost is the host's forward pass and o float64 numbers an example.
 *
 * @param <E> the host's type of an example
 */
public final class LastLayer<E> implements OutputHessianRoots<E> {

    /**
     * What a forward pass gives.
     *
     * @param activations inputs of the last layer, [n, inputs]
     * @param outputs its outputs, before any softmax, [n, o]
     */
    public record Forward(Matrix activations, Matrix outputs) {}

    private final LayerSpec layer;
    private final OutputGradients gradients;
    private final Function<List<E>, Forward> model;
    private final Function<E, double[]> target;

    private LastLayer(
            LayerSpec layer,
            OutputGradients gradients,
            Function<List<E>, Forward> model,
            Function<E, double[]> target) {
        this.layer = layer;
        this.gradients = gradients;
        this.model = model;
        this.target = target;
    }

    /**
     * Makes a provider.
     *
     * @param <E> the host's type of an example
     * @param layer the layer's name and shape
     * @param loss the training loss
     * @param model runs some examples in evaluation mode
     * @param target gives an example's class as one number, or its values
     * @return the provider
     */
    public static <E> LastLayer<E> of(
            LayerSpec layer, Loss loss, Function<List<E>, Forward> model, Function<E, double[]> target) {
        return new LastLayer<>(layer, new OutputGradients(loss, 1), model, target);
    }

    /**
     * Makes a provider where the runtime gives the inputs of the last layer only, and the layer's weights are known.
     *
     * @param <E> the host's type of an example
     * @param name the layer's name
     * @param weights [o, inputs]
     * @param bias o numbers
     * @param loss the training loss
     * @param features computes the inputs of the layer for n examples, [n, inputs], in evaluation mode
     * @param target gives an example's class as one number, or its values
     * @return the provider
     * @throws IllegalArgumentException if there is not one bias for each row of weights
     */
    public static <E> LastLayer<E> of(
            String name,
            double[][] weights,
            double[] bias,
            Loss loss,
            Function<List<E>, double[][]> features,
            Function<E, double[]> target) {
        if (weights.length == 0 || weights.length != bias.length) {
            throw new IllegalArgumentException("layer " + name + ": expected one bias for each row of weights, found "
                    + weights.length + " rows and " + bias.length + " biases");
        }
        return of(
                LayerSpec.dense(name, weights[0].length, weights.length),
                loss,
                examples -> {
                    double[][] activations = features.apply(examples);
                    return new Forward(Matrix.of(activations), outputs(activations, weights, bias));
                },
                target);
    }

    /** Computes activations × weightsᵀ + bias. */
    private static Matrix outputs(double[][] activations, double[][] weights, double[] bias) {
        double[][] outputs = new double[activations.length][bias.length];
        for (int e = 0; e < outputs.length; e++) {
            for (int o = 0; o < bias.length; o++) {
                outputs[e][o] = bias[o];
                for (int i = 0; i < weights[o].length; i++) {
                    outputs[e][o] += weights[o][i] * activations[e][i];
                }
            }
        }
        return Matrix.of(outputs);
    }

    /**
     * Computes the mean of vectors, such as those of the tokens of a sentence.
     *
     * @param vectors [t, inputs], at least one
     * @return the mean
     */
    public static double[] mean(float[][] vectors) {
        double[] mean = new double[vectors[0].length];
        for (float[] vector : vectors) {
            for (int i = 0; i < mean.length; i++) {
                mean[i] += vector[i] / vectors.length;
            }
        }
        return mean;
    }

    @Override
    public List<LayerSpec> layers() {
        return List.of(layer);
    }

    /**
     * Says what share of a model its last layer is.
     *
     * @param modelParameters number of trained parameters of the whole model, this layer's included
     * @return the layer's parameters as traced, all others as not
     * @throws IllegalArgumentException if the model has fewer parameters than the layer
     */
    public ParameterCoverage coverage(long modelParameters) {
        long below = modelParameters - layer.parameters();
        if (below < 0) {
            throw new IllegalArgumentException("a model of " + modelParameters + " parameters cannot have the layer "
                    + layer.name() + " of " + layer.parameters());
        }
        return new ParameterCoverage(
                layer.parameters(),
                below == 0
                        ? List.of()
                        : List.of(new ParameterCoverage.Uncovered(
                                "below " + layer.name(), "all other layers", below, "only the last layer is traced")));
    }

    @Override
    public int outputHessianColumns() {
        return layer.outputs();
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if the forward pass gives another shape than the layer has, or a target does not fit
     * @throws NumericalException if an output is NaN or infinite, naming the example
     */
    @Override
    public void capture(ExampleBatch<E> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        if (wanted.isEmpty()) {
            return;
        }
        if (!wanted.equals(layers())) {
            throw new IllegalArgumentException("the layers are " + layers() + ", asked for " + wanted);
        }
        Forward forward = model.apply(batch.examples());
        if (forward.outputs().rows() != batch.size() || forward.outputs().columns() != layer.outputs()) {
            throw new IllegalArgumentException("layer " + layer.name() + ": outputs must be " + batch.size() + " x "
                    + layer.outputs() + ", found " + forward.outputs().rows() + " x "
                    + forward.outputs().columns());
        }
        double[][] result = new double[batch.size()][layer.outputs()];
        double[][] outputs = forward.outputs().toArray();
        for (int e = 0; e < result.length; e++) {
            gradients.compute(
                    outputs[e], target.apply(batch.examples().get(e)), objective, batch.ids()[e], 0, result[e]);
        }
        sink.accept(LayerCapture.of(layer, forward.activations(), Matrix.of(result)));
    }
}
