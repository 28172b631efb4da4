package io.github.influence4j.decoder;

import java.util.List;

/** The names of a decoder's parameters, without {@code .weight} and {@code .bias}. */
final class LayerNames {

    /**
     * A layer that is a linear map, or some rows of one.
     *
     * @param name its name
     * @param outputs its rows
     */
    record Part(String name, int outputs) {}

    private final DecoderShape shape;

    LayerNames(DecoderShape shape) {
        this.shape = shape;
    }

    String embedding() {
        return switch (shape.naming()) {
            case PLAIN -> "embedding";
            case LLAMA -> "model.embed_tokens";
            case GPT2 -> "transformer.wte";
            case GPT_NEOX -> "gpt_neox.embed_in";
        };
    }

    String positions() {
        return shape.naming() == Naming.GPT2 ? "transformer.wpe" : "positions";
    }

    /** The norm of a stage: 2l belongs to the attention of block l, 2l + 1 to its MLP, the last to the head. */
    String norm(int stage) {
        if (stage == 2 * shape.blocks()) {
            return switch (shape.naming()) {
                case PLAIN -> "norm";
                case LLAMA -> "model.norm";
                case GPT2 -> "transformer.ln_f";
                case GPT_NEOX -> "gpt_neox.final_layer_norm";
            };
        }
        boolean mlp = stage % 2 == 1;
        return block(stage / 2)
                + switch (shape.naming()) {
                    case PLAIN -> mlp ? "norm2" : "norm1";
                    case GPT2 -> mlp ? "ln_2" : "ln_1";
                    case GPT_NEOX -> mlp ? "post_attention_layernorm" : "input_layernorm";
                    case LLAMA -> llamaNorm(mlp);
                };
    }

    private String llamaNorm(boolean mlp) {
        if (shape.normsAfter()) {
            return mlp ? "post_feedforward_layernorm" : "post_attention_layernorm";
        }
        return mlp ? "post_attention_layernorm" : "input_layernorm";
    }

    String queryNorm(int block) {
        return block(block) + (shape.naming() == Naming.LLAMA ? "self_attn.q_norm" : "attention.query_norm");
    }

    String keyNorm(int block) {
        return block(block) + (shape.naming() == Naming.LLAMA ? "self_attn.k_norm" : "attention.key_norm");
    }

    /** The layers that a map consists of, from its first output on. */
    List<Part> parts(LinearMap map, int block) {
        return switch (map) {
            case QUERY_KEY_VALUE -> projections(block);
            case ATTENTION_OUTPUT ->
                List.of(part(
                        map,
                        block(block)
                                + switch (shape.naming()) {
                                    case PLAIN -> "attention.output";
                                    case LLAMA -> "self_attn.o_proj";
                                    case GPT2 -> "attn.c_proj";
                                    case GPT_NEOX -> "attention.dense";
                                }));
            case FC -> first(block);
            case PROJ ->
                List.of(part(
                        map,
                        block(block)
                                + switch (shape.naming()) {
                                    case PLAIN -> "mlp.proj";
                                    case LLAMA -> "mlp.down_proj";
                                    case GPT2 -> "mlp.c_proj";
                                    case GPT_NEOX -> "mlp.dense_4h_to_h";
                                }));
            case HEAD ->
                List.of(part(
                        map,
                        shape.tied()
                                ? embedding()
                                : switch (shape.naming()) {
                                    case PLAIN -> "head";
                                    case LLAMA, GPT2 -> "lm_head";
                                    case GPT_NEOX -> "embed_out";
                                }));
        };
    }

    private List<Part> projections(int block) {
        String at = block(block);
        return switch (shape.naming()) {
            case PLAIN ->
                List.of(
                        new Part(at + "attention.query", shape.queryWidth()),
                        new Part(at + "attention.key", shape.keyWidth()),
                        new Part(at + "attention.value", shape.keyWidth()));
            case LLAMA ->
                List.of(
                        new Part(at + "self_attn.q_proj", shape.queryWidth()),
                        new Part(at + "self_attn.k_proj", shape.keyWidth()),
                        new Part(at + "self_attn.v_proj", shape.keyWidth()));
            case GPT2 -> List.of(part(LinearMap.QUERY_KEY_VALUE, at + "attn.c_attn"));
            case GPT_NEOX -> List.of(part(LinearMap.QUERY_KEY_VALUE, at + "attention.query_key_value"));
        };
    }

    private List<Part> first(int block) {
        String at = block(block);
        if (!shape.gated()) {
            return List.of(part(
                    LinearMap.FC,
                    at
                            + switch (shape.naming()) {
                                case PLAIN -> "mlp.fc";
                                case LLAMA -> "mlp.up_proj";
                                case GPT2 -> "mlp.c_fc";
                                case GPT_NEOX -> "mlp.dense_h_to_4h";
                            }));
        }
        boolean llama = shape.naming() == Naming.LLAMA;
        return List.of(
                new Part(at + (llama ? "mlp.gate_proj" : "mlp.gate"), shape.hidden()),
                new Part(at + (llama ? "mlp.up_proj" : "mlp.fc"), shape.hidden()));
    }

    private Part part(LinearMap map, String name) {
        return new Part(name, map.outputs(shape));
    }

    private String block(int block) {
        return switch (shape.naming()) {
                    case PLAIN -> "blocks.";
                    case LLAMA -> "model.layers.";
                    case GPT2 -> "transformer.h.";
                    case GPT_NEOX -> "gpt_neox.layers.";
                }
                + block
                + ".";
    }
}
