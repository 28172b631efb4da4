package io.github.influence4j.lm.checkpoint;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.decoder.Naming;
import io.github.influence4j.lm.gguf.GgufFile;
import io.github.influence4j.safetensors.MalformedFileException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The tensors of a GGUF file by the names of the family, in the family's layout: the file has rows of queries and keys of Llama
 * in another order, those of GPT-NeoX not by heads, and the weights of GPT-2 the other way round.
 */
final class GgufWeights implements Weights {

    /** Numbers that the form of the model holds already. */
    private static final String ROPE_FREQUENCIES = "rope_freqs.weight";

    private static final Pattern BLOCK = Pattern.compile("blk\\.(\\d+)\\.(.+)\\.(weight|bias)");

    private static final Map<String, String> LLAMA = Map.ofEntries(
            Map.entry("token_embd.weight", "model.embed_tokens.weight"),
            Map.entry("output_norm.weight", "model.norm.weight"),
            Map.entry("output.weight", "lm_head.weight"),
            Map.entry("attn_norm", "model.layers.%s.input_layernorm"),
            Map.entry("attn_q", "model.layers.%s.self_attn.q_proj"),
            Map.entry("attn_k", "model.layers.%s.self_attn.k_proj"),
            Map.entry("attn_v", "model.layers.%s.self_attn.v_proj"),
            Map.entry("attn_output", "model.layers.%s.self_attn.o_proj"),
            Map.entry("attn_q_norm", "model.layers.%s.self_attn.q_norm"),
            Map.entry("attn_k_norm", "model.layers.%s.self_attn.k_norm"),
            Map.entry("ffn_norm", "model.layers.%s.post_attention_layernorm"),
            Map.entry("post_attention_norm", "model.layers.%s.post_attention_layernorm"),
            Map.entry("post_ffw_norm", "model.layers.%s.post_feedforward_layernorm"),
            Map.entry("ffn_gate", "model.layers.%s.mlp.gate_proj"),
            Map.entry("ffn_up", "model.layers.%s.mlp.up_proj"),
            Map.entry("ffn_down", "model.layers.%s.mlp.down_proj"));

    private static final Map<String, String> GPT2 = Map.ofEntries(
            Map.entry("token_embd.weight", "transformer.wte.weight"),
            Map.entry("position_embd.weight", "transformer.wpe.weight"),
            Map.entry("output_norm.weight", "transformer.ln_f.weight"),
            Map.entry("output_norm.bias", "transformer.ln_f.bias"),
            Map.entry("output.weight", "lm_head.weight"),
            Map.entry("attn_norm", "transformer.h.%s.ln_1"),
            Map.entry("attn_qkv", "transformer.h.%s.attn.c_attn"),
            Map.entry("attn_output", "transformer.h.%s.attn.c_proj"),
            Map.entry("ffn_norm", "transformer.h.%s.ln_2"),
            Map.entry("ffn_up", "transformer.h.%s.mlp.c_fc"),
            Map.entry("ffn_down", "transformer.h.%s.mlp.c_proj"));

    private static final Map<String, String> GPT_NEOX = Map.ofEntries(
            Map.entry("token_embd.weight", "gpt_neox.embed_in.weight"),
            Map.entry("output_norm.weight", "gpt_neox.final_layer_norm.weight"),
            Map.entry("output_norm.bias", "gpt_neox.final_layer_norm.bias"),
            Map.entry("output.weight", "embed_out.weight"),
            Map.entry("attn_norm", "gpt_neox.layers.%s.input_layernorm"),
            Map.entry("attn_qkv", "gpt_neox.layers.%s.attention.query_key_value"),
            Map.entry("attn_output", "gpt_neox.layers.%s.attention.dense"),
            Map.entry("ffn_norm", "gpt_neox.layers.%s.post_attention_layernorm"),
            Map.entry("ffn_up", "gpt_neox.layers.%s.mlp.dense_h_to_4h"),
            Map.entry("ffn_down", "gpt_neox.layers.%s.mlp.dense_4h_to_h"));

    private final GgufFile file;
    private final DecoderShape shape;
    private final boolean llama;
    private final Map<String, String> names = new LinkedHashMap<>();

    GgufWeights(GgufFile file, DecoderShape shape) {
        this.file = file;
        this.shape = shape;
        this.llama = GgufConfig.architecture(file).equals("llama");
        Map<String, String> family =
                switch (shape.naming()) {
                    case GPT2 -> GPT2;
                    case GPT_NEOX -> GPT_NEOX;
                    default -> LLAMA;
                };
        for (String name : file.names()) {
            if (!name.equals(ROPE_FREQUENCIES)) {
                names.put(familyName(family, name), name);
            }
        }
    }

    /** What is not known keeps its name, and is refused when the model turns out not to have it. */
    private static String familyName(Map<String, String> family, String name) {
        Matcher block = BLOCK.matcher(name);
        if (block.matches()) {
            String known = family.get(block.group(2));
            return known == null ? name : known.replace("%s", block.group(1)) + "." + block.group(3);
        }
        return family.getOrDefault(name, name);
    }

    @Override
    public Collection<String> names() {
        return names.keySet();
    }

    @Override
    public List<Long> shape(String name) {
        List<Long> dimensions = file.shape(stored(name));
        return isTurned(name) ? List.of(dimensions.get(1), dimensions.get(0)) : dimensions;
    }

    @Override
    public Matrix matrix(String name) {
        Matrix matrix = file.matrix(stored(name));
        if (isTurned(name)) {
            return turned(matrix);
        }
        if (llama && (name.contains(".q_proj.") || name.contains(".k_proj."))) {
            return reordered(matrix, this::halvesApart);
        }
        return name.contains(".query_key_value.") ? reordered(matrix, this::byHeads) : matrix;
    }

    /** The file has the pairs of numbers that are turned together next to each other, the family half a head apart. */
    private int halvesApart(int row) {
        int width = shape.headWidth();
        int within = row % width;
        return row - within + within % (width / 2) * 2 + within / (width / 2);
    }

    /** The file has all queries, then all keys, then all values; the family the three of each head. */
    private int byHeads(int row) {
        int width = shape.headWidth();
        int head = row / (3 * width);
        int which = row / width % 3;
        return (which * shape.heads() + head) * width + row % width;
    }

    /** A bias is one row, whose numbers have the order of the weight's rows. */
    private static Matrix reordered(Matrix matrix, IntUnaryOperator from) {
        if (matrix.rows() == 1) {
            float[] stored = new float[matrix.columns()];
            matrix.read(0, 1, stored, 0);
            float[] numbers = new float[stored.length];
            for (int k = 0; k < numbers.length; k++) {
                numbers[k] = stored[from.applyAsInt(k)];
            }
            return Matrix.of(numbers, 1, numbers.length);
        }
        return new ReorderedRows(matrix, from);
    }

    private boolean isTurned(String name) {
        return shape.naming() == Naming.GPT2
                && name.contains(".h.")
                && file.shape(stored(name)).size() == 2;
    }

    private static Matrix turned(Matrix matrix) {
        float[] row = new float[matrix.columns()];
        float[] numbers = new float[Math.multiplyExact(matrix.rows(), matrix.columns())];
        for (int r = 0; r < matrix.rows(); r++) {
            matrix.read(r, 1, row, 0);
            for (int c = 0; c < row.length; c++) {
                numbers[c * matrix.rows() + r] = row[c];
            }
        }
        return Matrix.of(numbers, matrix.columns(), matrix.rows());
    }

    private String stored(String name) {
        String stored = names.get(name);
        if (stored == null) {
            throw new MalformedFileException(file.path(), "has no tensor " + MalformedFileException.quote(name));
        }
        return stored;
    }

    @Override
    public Path file(String name) {
        return file.path();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
