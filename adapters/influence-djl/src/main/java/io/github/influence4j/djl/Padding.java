package io.github.influence4j.djl;

/** How a model learns where the padding of a batch of sequences is. */
public enum Padding {
    /** It need not know, for no padding reaches a real position: features, or causal attention with a target at each token. */
    UNSEEN,
    /** By a second input: a float32 mask [n, t], 1 at real positions and 0 at padding. */
    MASK_INPUT
}
