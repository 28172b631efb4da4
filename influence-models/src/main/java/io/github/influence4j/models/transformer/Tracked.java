package io.github.influence4j.models.transformer;

/** A kind of linear map of a transformer whose weights influence can be computed for. */
public enum Tracked {
    /** The two layers of every MLP, biases included: {@code blocks.0.mlp.fc}, {@code blocks.0.mlp.proj}, …; the paper's. */
    MLP,
    /**
     * The four projections of every attention: {@code blocks.0.attention.query}, {@code .key}, {@code .value}, {@code
     * .output}.
     */
    ATTENTION,
    /** The map from the last hidden state to the logits, {@code head}; only where it is not tied to the embedding. */
    HEAD
}
