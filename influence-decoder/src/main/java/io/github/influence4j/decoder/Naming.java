package io.github.influence4j.decoder;

/**
 * How a family of published checkpoints names its weights, and how it lays out its attention's projections.
 *
 * <p>The tracked layers have these names too, so that scores speak of the layers that the checkpoint's users know.
 */
public enum Naming {
    /** Ours: {@code blocks.0.attention.query}, {@code blocks.0.mlp.fc}; biases are the last columns of their matrices. */
    PLAIN,
    /** Llama, Mistral, Qwen 2 and 3, OLMo 2: {@code model.layers.0.self_attn.q_proj}, {@code model.layers.0.mlp.gate_proj}. */
    LLAMA,
    /** GPT-2: {@code transformer.h.0.attn.c_attn}, one map for queries, keys and values; weights are stored [inputs, outputs]. */
    GPT2,
    /**
     * GPT-NeoX and Pythia: {@code gpt_neox.layers.0.attention.query_key_value}, one map whose outputs are the query, key and
     * value of the first head, then those of the second.
     */
    GPT_NEOX;

    /** Whether queries, keys and values are one layer. */
    boolean fused() {
        return this == GPT2 || this == GPT_NEOX;
    }
}
