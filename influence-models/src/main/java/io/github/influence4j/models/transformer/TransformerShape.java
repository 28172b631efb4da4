package io.github.influence4j.models.transformer;

import io.github.influence4j.models.Activation;

/**
 * The form of a decoder transformer (pre-norm, learned positions).
 *
 * <p>x = embedding[token] + positions[p]; in each block x += W_o attention(norm(x)), then x += W_proj φ(W_fc norm(x) + b_fc) +
 * b_proj; logits = W_head norm(x). Attention has no biases, and its scores are divided by √(width/heads).
 *
 * @param vocabulary number of token ids, 0 to vocabulary − 1
 * @param context most tokens of a sequence
 * @param blocks number of blocks
 * @param width d, numbers of a hidden state
 * @param heads attention heads; must divide the width
 * @param hidden outputs of an MLP's first layer
 * @param activation φ: {@link Activation#RELU} or {@link Activation#GELU}
 * @param norm how hidden states are normalised
 * @param tied whether W_head is the embedding
 */
public record TransformerShape(
        int vocabulary,
        int context,
        int blocks,
        int width,
        int heads,
        int hidden,
        Activation activation,
        Norm norm,
        boolean tied) {

    /** How a hidden state is normalised before attention, before the MLP and before the head; ε is 1e-5. */
    public enum Norm {
        /** x / √(mean x² + ε) ∘ gain (Zhang and Sennrich 2019). */
        RMS,
        /** (x − mean) / √(variance + ε) ∘ gain + shift (Ba et al. 2016). */
        LAYER
    }

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if a number is too small, the heads do not divide the width, or the activation is
     *     neither of the two
     */
    public TransformerShape {
        if (vocabulary < 2 || context < 2 || blocks < 1 || width < 1 || heads < 1 || hidden < 1) {
            throw new IllegalArgumentException(
                    "a transformer needs a vocabulary and a context of at least 2 and one block, "
                            + "found vocabulary " + vocabulary + ", context " + context + ", blocks " + blocks
                            + ", width " + width
                            + ", heads " + heads + ", hidden " + hidden);
        }
        if (width % heads != 0) {
            throw new IllegalArgumentException("a width of " + width + " cannot be divided among " + heads + " heads");
        }
        if (activation != Activation.RELU && activation != Activation.GELU) {
            throw new IllegalArgumentException("a transformer's activation is RELU or GELU, found " + activation);
        }
    }

    /**
     * Returns a form with RELU, RMS norm, an untied head, and an MLP four times as wide as the hidden state.
     *
     * @param vocabulary number of token ids
     * @param context most tokens of a sequence
     * @param blocks number of blocks
     * @param width numbers of a hidden state
     * @param heads attention heads
     * @return a form to be changed
     * @throws IllegalArgumentException as the constructor
     */
    public static TransformerShape of(int vocabulary, int context, int blocks, int width, int heads) {
        return new TransformerShape(
                vocabulary, context, blocks, width, heads, 4 * width, Activation.RELU, Norm.RMS, false);
    }

    /**
     * Returns another form with this width of the MLPs.
     *
     * @param value outputs of an MLP's first layer
     * @return a new form
     */
    public TransformerShape withHidden(int value) {
        return new TransformerShape(vocabulary, context, blocks, width, heads, value, activation, norm, tied);
    }

    /**
     * Returns another form with this activation.
     *
     * @param value RELU or GELU
     * @return a new form
     */
    public TransformerShape withActivation(Activation value) {
        return new TransformerShape(vocabulary, context, blocks, width, heads, hidden, value, norm, tied);
    }

    /**
     * Returns another form with this normalisation.
     *
     * @param value how hidden states are normalised
     * @return a new form
     */
    public TransformerShape withNorm(Norm value) {
        return new TransformerShape(vocabulary, context, blocks, width, heads, hidden, activation, value, tied);
    }

    /**
     * Returns another form whose head is, or is not, the embedding.
     *
     * @param value whether they are one
     * @return a new form
     */
    public TransformerShape withTied(boolean value) {
        return new TransformerShape(vocabulary, context, blocks, width, heads, hidden, activation, norm, value);
    }

    /**
     * Returns the number of parameters.
     *
     * @return all of them, embeddings included
     */
    public long parameters() {
        return ParameterLayout.of(this).size();
    }

    boolean gelu() {
        return activation == Activation.GELU;
    }

    boolean centred() {
        return norm == Norm.LAYER;
    }

    int headWidth() {
        return width / heads;
    }
}
