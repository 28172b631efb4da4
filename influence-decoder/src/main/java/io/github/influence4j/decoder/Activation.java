package io.github.influence4j.decoder;

/** The function φ in the middle of an MLP. */
public enum Activation {
    /** max(z, 0), with φ'(0) = 0. */
    RELU,
    /** z/2 · (1 + tanh(√(2/π) (z + 0.044715 z³))), as in GPT-2; checkpoints call it {@code gelu_new}. */
    GELU,
    /** z/2 · (1 + erf(z/√2)), the exact form (Hendrycks and Gimpel 2016); checkpoints call it {@code gelu}. */
    GELU_ERF,
    /** z / (1 + e^(−z)); checkpoints call it {@code silu}. */
    SILU
}
