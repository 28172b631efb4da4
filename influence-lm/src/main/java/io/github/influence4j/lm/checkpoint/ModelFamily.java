package io.github.influence4j.lm.checkpoint;

import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.decoder.DecoderShape.Norm;
import io.github.influence4j.decoder.DecoderShape.NormPlace;
import io.github.influence4j.decoder.DecoderShape.QueryKeyNorm;
import io.github.influence4j.decoder.Naming;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** The families of checkpoints that are opened, each with the options it has and what they are where nothing is said. */
enum ModelFamily {
    LLAMA {
        @Override
        DecoderShape shape(ModelConfig config) {
            boolean attention = config.flag("attention_bias", false);
            return gated(config, 1e-6, OptionalInt.empty())
                    .withBiases(attention, attention, config.flag("mlp_bias", false));
        }
    },
    MISTRAL {
        @Override
        DecoderShape shape(ModelConfig config) {
            DecoderShape shape = gated(config, 1e-6, OptionalInt.empty(), 8).withBiases(false, false, false);
            OptionalInt window = config.optional("sliding_window", WINDOW);
            return window.isEmpty() ? shape : shape.withWindows(Collections.nCopies(shape.blocks(), window));
        }
    },
    QWEN2 {
        @Override
        DecoderShape shape(ModelConfig config) {
            return windows(config, gated(config, 1e-6, OptionalInt.empty(), 32).withBiases(true, false, false));
        }
    },
    QWEN3 {
        @Override
        DecoderShape shape(ModelConfig config) {
            boolean attention = config.flag("attention_bias", false);
            DecoderShape shape = gated(config, 1e-6, OptionalInt.of(128), 32)
                    .withBiases(attention, attention, false)
                    .withQueryKeyNorm(QueryKeyNorm.HEADS);
            return windows(config, shape);
        }
    },
    OLMO2 {
        @Override
        DecoderShape shape(ModelConfig config) {
            config.require("attention_bias", false);
            return gated(config, 1e-5, OptionalInt.empty())
                    .withBiases(false, false, false)
                    .withNormPlace(NormPlace.AFTER)
                    .withQueryKeyNorm(QueryKeyNorm.ALL);
        }
    },
    GPT2 {
        @Override
        DecoderShape shape(ModelConfig config) {
            config.require("scale_attn_weights", true);
            config.require("scale_attn_by_inverse_layer_idx", false);
            config.require("add_cross_attention", false);
            int width = config.positive("n_embd");
            return DecoderShape.of(
                            config.positive("vocab_size"),
                            config.positive("n_positions"),
                            config.positive("n_layer"),
                            width,
                            config.positive("n_head"))
                    .withHidden(config.optional("n_inner").orElseGet(() -> Math.multiplyExact(4, width)))
                    .withActivation(config.activation("activation_function", "gelu_new"))
                    .withNorm(Norm.LAYER)
                    .withEpsilon(config.number("layer_norm_epsilon", 1e-5))
                    .withBiases(true, true, true)
                    .withTied(config.flag("tie_word_embeddings", true))
                    .withNaming(Naming.GPT2);
        }
    },
    GPT_NEOX {
        @Override
        DecoderShape shape(ModelConfig config) {
            boolean attention = config.flag("attention_bias", true);
            DecoderShape shape = sized(config)
                    .withActivation(config.activation("hidden_act", "gelu"))
                    .withNorm(Norm.LAYER)
                    .withEpsilon(config.number("layer_norm_eps", 1e-5))
                    .withBiases(attention, attention, true)
                    .withParallelBranches(config.flag("use_parallel_residual", true))
                    .withNaming(Naming.GPT_NEOX);
            return shape.withRotary(RopeConfig.read(config, shape.headWidth(), 0.25));
        }
    };

    /** Positions of Mistral's and Qwen's windows where nothing is said. */
    private static final int WINDOW = 4096;

    /** The form of a model with this configuration. */
    abstract DecoderShape shape(ModelConfig config);

    /** Finds a family by its {@code model_type}. */
    static Optional<ModelFamily> named(String type) {
        return Arrays.stream(values()).filter(each -> each.type().equals(type)).findFirst();
    }

    static List<String> names() {
        return Arrays.stream(values()).map(ModelFamily::type).toList();
    }

    private String type() {
        return name().toLowerCase(Locale.ROOT);
    }

    private static DecoderShape sized(ModelConfig config) {
        return DecoderShape.of(
                        config.positive("vocab_size"),
                        config.positive("max_position_embeddings"),
                        config.positive("num_hidden_layers"),
                        config.positive("hidden_size"),
                        config.positive("num_attention_heads"))
                .withHidden(config.positive("intermediate_size"))
                .withTied(config.flag("tie_word_embeddings", false));
    }

    /** What Llama and its descendants share; as many heads of keys as of queries where nothing is said. */
    private static DecoderShape gated(ModelConfig config, double epsilon, OptionalInt headWidth) {
        return gated(config, epsilon, headWidth, config.positive("num_attention_heads"));
    }

    /** The same with a number of heads of keys for where nothing is said; where null is said, they are as many as of queries. */
    private static DecoderShape gated(ModelConfig config, double epsilon, OptionalInt headWidth, int keyHeads) {
        int heads = config.positive("num_attention_heads");
        int width = config.positive("hidden_size");
        OptionalInt said = config.optional("head_dim");
        int head = said.orElse(headWidth.orElse(width / heads));
        if (said.isEmpty() && headWidth.isEmpty() && width % heads != 0) {
            throw config.refused("num_attention_heads", "a divisor of the width " + width);
        }
        return DecoderShape.of(
                        config.positive("vocab_size"),
                        config.positive("max_position_embeddings"),
                        config.positive("num_hidden_layers"),
                        width,
                        1)
                .withHeads(
                        heads, config.optional("num_key_value_heads", keyHeads).orElse(heads), head)
                .withHidden(config.positive("intermediate_size"))
                .withTied(config.flag("tie_word_embeddings", false))
                .withActivation(config.activation("hidden_act", "silu"))
                .withGate(true)
                .withNorm(Norm.RMS)
                .withEpsilon(config.number("rms_norm_eps", epsilon))
                .withNaming(Naming.LLAMA)
                .withRotary(RopeConfig.readWhole(config, head));
    }

    /** Qwen's windows: those blocks have one that {@code layer_types} names, or that come after the first so many. */
    private static DecoderShape windows(ModelConfig config, DecoderShape shape) {
        boolean used = config.flag("use_sliding_window", false);
        OptionalInt window = config.optional("sliding_window", WINDOW);
        int first = (int) config.number("max_window_layers", 28);
        Optional<Object> types = config.any("layer_types");
        List<Boolean> slides = types.map(said -> slides(config, said))
                .orElseGet(() -> IntStream.range(0, shape.blocks())
                        .mapToObj(l -> used && window.isPresent() && l >= first)
                        .toList());
        if (slides.size() != shape.blocks()) {
            throw config.refused("layer_types", "a type for each of " + shape.blocks() + " blocks");
        }
        if (!slides.contains(true)) {
            return shape;
        }
        if (!used || window.isEmpty()) {
            throw config.refused("sliding_window", "there for layer_types with sliding_attention");
        }
        return shape.withWindows(slides.stream()
                .map(slide -> slide ? window : OptionalInt.empty())
                .toList());
    }

    private static List<Boolean> slides(ModelConfig config, Object types) {
        if (!(types instanceof List<?> list)) {
            throw config.refused("layer_types", "a list");
        }
        return list.stream()
                .map(type -> {
                    if (!type.equals("full_attention") && !type.equals("sliding_attention")) {
                        throw config.refused("layer_types", "of full_attention and sliding_attention");
                    }
                    return type.equals("sliding_attention");
                })
                .toList();
    }
}
