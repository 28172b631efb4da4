package io.github.influence4j.api;

import io.github.influence4j.api.internal.PlainText;
import java.util.Objects;

/**
 * The name and shape of one tracked linear map s = W a + b of a model.
 *
 * @param name the layer's name, unique in its model
 * @param inputs number of inputs, without the constant 1 of the bias
 * @param outputs o, number of outputs
 * @param bias whether the layer has a bias, which is treated as the weight of a last, constant input 1
 * @param positions what the layer's positions are
 */
public record LayerSpec(String name, int inputs, int outputs, boolean bias, Positions positions) {

    /** What the positions of a layer within one example are. */
    public enum Positions {
        /** The layer runs once an example. */
        NONE,
        /** Tokens of a sequence; only such layers add to per-token totals. */
        TOKENS,
        /** Patches of an image, for a convolution. */
        PATCHES
    }

    /**
     * Checks the shape.
     *
     * @throws IllegalArgumentException if the name is blank or has characters that are no text, such as the escape character, or a
     *     dimension is not positive
     */
    public LayerSpec {
        Objects.requireNonNull(positions, "positions");
        if (name.isBlank()) {
            throw new IllegalArgumentException("a layer needs a name");
        }
        if (!PlainText.isPlain(name)) {
            throw new IllegalArgumentException(
                    "layer " + PlainText.escaped(name)
                            + ": the name must have no control, format or line-breaking characters; give the layer another one");
        }
        if (inputs < 1 || outputs < 1) {
            throw new IllegalArgumentException(
                    "layer " + name + ": inputs and outputs must be positive, found " + inputs + " and " + outputs);
        }
    }

    /**
     * Describes a layer with a bias that runs once an example.
     *
     * @param name the layer's name
     * @param inputs number of inputs, without the bias
     * @param outputs number of outputs
     * @return the description
     * @throws IllegalArgumentException if the name is blank or a dimension is not positive
     */
    public static LayerSpec dense(String name, int inputs, int outputs) {
        return new LayerSpec(name, inputs, outputs, true, Positions.NONE);
    }

    /**
     * Describes a layer with a bias that runs at every token of a sequence.
     *
     * @param name the layer's name
     * @param inputs number of inputs, without the bias
     * @param outputs number of outputs
     * @return the description
     * @throws IllegalArgumentException if the name is blank or a dimension is not positive
     */
    public static LayerSpec tokens(String name, int inputs, int outputs) {
        return new LayerSpec(name, inputs, outputs, true, Positions.TOKENS);
    }

    /**
     * Returns the same layer without a bias.
     *
     * @return a description with {@code bias() == false}
     */
    public LayerSpec withoutBias() {
        return new LayerSpec(name, inputs, outputs, false, positions);
    }

    /**
     * Returns i, the number of columns of the layer's gradient: its inputs, and one more for a bias.
     *
     * @return {@code inputs() + (bias() ? 1 : 0)}
     */
    public int gradientColumns() {
        return bias ? inputs + 1 : inputs;
    }

    /**
     * Returns the number of parameters, o × i.
     *
     * @return {@code outputs() × gradientColumns()}
     */
    public long parameters() {
        return (long) outputs * gradientColumns();
    }
}
