package io.github.influence4j.testkit;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import java.util.List;

/**
 * A model as its own host knows it, against which {@link GradientProviderContract} judges the captures.
 *
 * <p>Losses and weights must come from the host itself (its own forward pass, its own parameters), not from the provider,
 * or the contract compares the provider with itself.
 *
 * @param <E> the host's type of an example
 */
public interface HostModel<E> {

    /**
     * Returns the provider that is judged.
     *
     * @return the same in every call
     */
    GradientProvider<E> provider();

    /**
     * Returns some examples; where the model knows padding, of different lengths. About 8 are enough, and each costs
     * thousands of draws of a label.
     *
     * @return at least 3 examples, on which the model is not certain of its predictions
     */
    ExampleSource<E> examples();

    /**
     * Computes the training loss of each example in evaluation mode, summed over the example's positions.
     *
     * @param examples n examples
     * @return n losses
     */
    double[] losses(List<E> examples);

    /**
     * Returns the weights of a layer.
     *
     * @param layer one of the provider's layers
     * @return a copy, [o, i], the bias in the last column
     */
    double[][] weights(LayerSpec layer);

    /**
     * Replaces the weights of a layer, for {@link #losses}; the provider need not see it.
     *
     * @param layer one of the provider's layers
     * @param weights [o, i], the bias in the last column
     */
    void setWeights(LayerSpec layer, double[][] weights);

    /**
     * Says what the model predicts for an example.
     *
     * @param example an example
     * @return the distribution from which sampled labels are drawn
     */
    Prediction prediction(E example);

    /**
     * Returns the layer whose outputs go straight into the loss.
     *
     * @return the provider's last layer, unless the host says otherwise
     */
    default LayerSpec outputLayer() {
        List<LayerSpec> layers = provider().layers();
        return layers.get(layers.size() - 1);
    }

    /**
     * Returns the precision in which the model computes, which decides the tolerances.
     *
     * @return float32 unless the host says otherwise
     */
    default Precision precision() {
        return Precision.FLOAT32;
    }
}
