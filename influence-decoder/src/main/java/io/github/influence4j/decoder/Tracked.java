package io.github.influence4j.decoder;

/** A kind of linear map of a decoder whose weights influence can be computed for. */
public enum Tracked {
    /** The layers of every MLP, biases included, such as {@code model.layers.0.mlp.gate_proj}; the paper's. */
    MLP,
    /** The projections of every attention, such as {@code model.layers.0.self_attn.q_proj}. */
    ATTENTION,
    /** The map from the last hidden state to the logits; only where it is not tied to the embedding. */
    HEAD
}
