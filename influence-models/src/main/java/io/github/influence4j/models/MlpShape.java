package io.github.influence4j.models;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The form of a multi-layer perceptron: dense layers with biases, {@code layer1}, {@code layer2}, …, with an activation
 * function between them.
 *
 * @param sizes number of features, of each hidden layer's units, and of outputs
 * @param activation the function after every layer but the last
 * @param loss the training loss, which is also the measurement
 */
public record MlpShape(List<Integer> sizes, Activation activation, Loss loss) {

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if there are fewer than two sizes, one is not positive, or softmax has one output
     */
    public MlpShape {
        sizes = List.copyOf(sizes);
        if (sizes.size() < 2) {
            throw new IllegalArgumentException("a network needs at least features and outputs, found sizes " + sizes);
        }
        if (sizes.stream().anyMatch(size -> size < 1)) {
            throw new IllegalArgumentException("sizes of a network must be positive, found " + sizes);
        }
        if (loss == Loss.SOFTMAX_CROSS_ENTROPY && sizes.get(sizes.size() - 1) < 2) {
            throw new IllegalArgumentException("softmax needs at least two outputs, found sizes " + sizes);
        }
    }

    /**
     * Describes a network.
     *
     * @param activation the function after every layer but the last
     * @param loss the training loss
     * @param sizes number of features, of each hidden layer's units, and of outputs
     * @return the description
     * @throws IllegalArgumentException as the constructor does
     */
    public static MlpShape of(Activation activation, Loss loss, int... sizes) {
        return new MlpShape(Arrays.stream(sizes).boxed().toList(), activation, loss);
    }

    /**
     * Returns the number of inputs of the first layer.
     *
     * @return features of an example
     */
    public int features() {
        return sizes.get(0);
    }

    /**
     * Returns the number of outputs of the last layer.
     *
     * @return outputs of the network
     */
    public int outputs() {
        return sizes.get(sizes.size() - 1);
    }

    /**
     * Describes the layers.
     *
     * @return the layers from the first to the last
     */
    public List<LayerSpec> layers() {
        return IntStream.range(1, sizes.size())
                .mapToObj(l -> LayerSpec.dense("layer" + l, sizes.get(l - 1), sizes.get(l)))
                .toList();
    }
}
