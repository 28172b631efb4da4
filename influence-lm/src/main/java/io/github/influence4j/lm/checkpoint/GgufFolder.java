package io.github.influence4j.lm.checkpoint;

import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.decoder.RotaryPositions;
import io.github.influence4j.lm.gguf.GgufFile;
import io.github.influence4j.safetensors.MalformedFileException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a GGUF file says of its model, as the configuration that a folder would have beside the same weights.
 *
 * @see ModelFamily
 */
final class GgufFolder {

    private final GgufFile file;
    private final String architecture;
    private final DecoderShape shape;
    private final Map<String, Object> config = new LinkedHashMap<>();

    private GgufFolder(GgufFile file, DecoderShape shape) {
        this.file = file;
        this.architecture = GgufConfig.architecture(file);
        this.shape = shape;
    }

    /**
     * Makes the content of {@code config.json}, but for the type of the weights.
     *
     * @param file the file
     * @param shape its form
     * @throws MalformedFileException if the model's family has no option for what the file holds
     */
    static Map<String, Object> configuration(GgufFile file, DecoderShape shape) {
        GgufFolder folder = new GgufFolder(file, shape);
        switch (folder.architecture) {
            case "gpt2" -> folder.gpt2();
            case "gptneox" -> folder.gptNeox();
            default -> folder.gated();
        }
        folder.token("bos");
        folder.token("eos");
        return folder.config;
    }

    private void token(String use) {
        file.integer("tokenizer.ggml." + use + "_token_id").ifPresent(id -> config.put(use + "_token_id", id));
    }

    private void family(String type, String transformers) {
        config.put("model_type", type);
        config.put("architectures", List.of(transformers));
        config.put("vocab_size", shape.vocabulary());
        config.put("tie_word_embeddings", shape.tied());
    }

    private void sizes() {
        config.put("max_position_embeddings", shape.context());
        config.put("num_hidden_layers", shape.blocks());
        config.put("hidden_size", shape.width());
        config.put("num_attention_heads", shape.heads());
        config.put("intermediate_size", shape.hidden());
    }

    private void gpt2() {
        family("gpt2", "GPT2LMHeadModel");
        config.put("n_embd", shape.width());
        config.put("n_positions", shape.context());
        config.put("n_layer", shape.blocks());
        config.put("n_head", shape.heads());
        config.put("n_inner", shape.hidden());
        config.put("activation_function", "gelu_new");
        config.put("layer_norm_epsilon", number("attention.layer_norm_epsilon"));
    }

    private void gptNeox() {
        family("gpt_neox", "GPTNeoXForCausalLM");
        sizes();
        RotaryPositions rotary = GgufConfig.rotary(file, shape.headWidth());
        config.put("hidden_act", "gelu");
        config.put("layer_norm_eps", number("attention.layer_norm_epsilon"));
        config.put("rotary_emb_base", rotary.base());
        config.put("rotary_pct", (double) rotary.width() / shape.headWidth());
        config.put(
                "use_parallel_residual",
                file.flag(architecture + ".use_parallel_residual").orElse(true));
        config.put("attention_bias", both("blk.0.attn_qkv.bias", "blk.0.attn_output.bias"));
    }

    private void gated() {
        Optional<Long> window = file.integer(architecture + ".attention.sliding_window");
        switch (architecture) {
            case "qwen2" -> family("qwen2", "Qwen2ForCausalLM");
            case "qwen3" -> family("qwen3", "Qwen3ForCausalLM");
            case "olmo2" -> family("olmo2", "Olmo2ForCausalLM");
            default ->
                family(
                        window.isPresent() ? "mistral" : "llama",
                        window.isPresent() ? "MistralForCausalLM" : "LlamaForCausalLM");
        }
        sizes();
        config.put("num_key_value_heads", shape.keyHeads());
        config.put("head_dim", shape.headWidth());
        config.put("hidden_act", "silu");
        config.put("rms_norm_eps", number("attention.layer_norm_rms_epsilon"));
        RotaryPositions rotary = GgufConfig.rotary(file, shape.headWidth());
        config.put("rope_theta", rotary.base());
        rotary.scaling()
                .ifPresent(scaling -> config.put(
                        "rope_scaling",
                        Map.of(
                                "rope_type", "llama3",
                                "factor", scaling.factor(),
                                "low_freq_factor", scaling.low(),
                                "high_freq_factor", scaling.high(),
                                "original_max_position_embeddings", scaling.original())));
        window.ifPresent(width -> config.put("sliding_window", width));
        if (architecture.equals("llama") || architecture.equals("qwen3")) {
            config.put("attention_bias", both("blk.0.attn_q.bias", "blk.0.attn_output.bias"));
        }
        if (architecture.equals("llama")) {
            config.put("mlp_bias", file.names().contains("blk.0.ffn_up.bias"));
        }
    }

    private double number(String name) {
        String key = architecture + "." + name;
        return file.number(key).orElseThrow(() -> new MalformedFileException(file.path(), "has no entry " + key));
    }

    private boolean both(String one, String other) {
        boolean there = file.names().contains(one);
        if (there != file.names().contains(other)) {
            throw new MalformedFileException(
                    file.path(),
                    "has only one of the tensors " + one + " and " + other
                            + ", for which a folder has no option; its weights cannot be written");
        }
        return there;
    }
}
