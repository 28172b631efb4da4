package io.github.influence4j.capture;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import io.github.influence4j.models.Loss;
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
     * Computes the outputs of a linear layer, for runtimes that give activations only.
     *
     * @param activations [n, inputs]
     * @param weights [o, inputs]
     * @param bias o numbers
     * @return activations × weightsᵀ + bias, [n, o]
     */
    public static Matrix outputs(double[][] activations, double[][] weights, double[] bias) {
        double[][] outputs = new double[activations.length][bias.length];
        for (int e = 0; e < outputs.length; e++) {
            for (int o = 0; o < bias.length; o++) {
                outputs[e][o] = bias[o];
                for (int i = 0; i < activations[e].length; i++) {
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
