package io.github.influence4j.lm.checkpoint;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.decoder.Activation;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.decoder.DecoderShape.Norm;
import io.github.influence4j.decoder.DecoderShape.NormPlace;
import io.github.influence4j.decoder.DecoderShape.QueryKeyNorm;
import io.github.influence4j.decoder.Naming;
import io.github.influence4j.decoder.RotaryPositions;
import io.github.influence4j.decoder.RotaryPositions.Llama3Scaling;
import io.github.influence4j.lm.gguf.GgufFile;
import io.github.influence4j.safetensors.MalformedFileException;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The form of the model in a GGUF file, from its metadata and the tensors it has.
 *
 * <p>Every entry of the architecture must be one that is known: what is written there changes the numbers.
 */
final class GgufConfig {

    private static final List<String> ARCHITECTURES = List.of("llama", "qwen2", "qwen3", "olmo2", "gpt2", "gptneox");

    /** Contexts that models were trained with before their positions were scaled: Llama 3's, and shorter ones. */
    private static final int[] ORIGINAL_CONTEXTS = {8192, 4096, 2048, 1024, 512, 256, 128, 64, 32, 16};

    /** Of divisors in float32 that a program computed in float32. */
    private static final double ROUNDING = 1e-5;

    private final GgufFile file;
    private final String architecture;
    private final Set<String> read = new HashSet<>();

    private GgufConfig(GgufFile file, String architecture) {
        this.file = file;
        this.architecture = architecture;
    }

    /**
     * Returns the architecture.
     *
     * @throws MalformedFileException if it is not known
     */
    static String architecture(GgufFile file) {
        String name = file.text("general.architecture").orElse("");
        if (!ARCHITECTURES.contains(name)) {
            throw new MalformedFileException(
                    file.path(),
                    "is of the architecture " + MalformedFileException.quote(name) + ", expected one of "
                            + ARCHITECTURES);
        }
        return name;
    }

    /**
     * Makes the form of the model.
     *
     * @throws MalformedFileException if the architecture or an entry is not known, or one is missing or wrong
     */
    static DecoderShape shape(GgufFile file) {
        GgufConfig config = new GgufConfig(file, architecture(file));
        DecoderShape shape;
        try {
            shape = config.shape();
        } catch (MalformedFileException e) {
            throw e;
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new MalformedFileException(file.path(), String.valueOf(e.getMessage()), e);
        }
        config.refuseUnknown();
        return shape;
    }

    private void refuseUnknown() {
        // what it says, the embedding's shape says too, or it is of no say in how the model computes
        read.addAll(List.of(key("vocab_size"), key("tensor_data_layout"), key("rope.scaling.original_context_length")));
        List<String> unknown = file.keys().stream()
                .filter(key -> key.startsWith(architecture + ".") && !read.contains(key))
                .toList();
        if (!unknown.isEmpty()) {
            throw new MalformedFileException(
                    file.path(),
                    "has entries that are not known for " + architecture + " and may change its numbers: " + unknown
                            + "; this model cannot be opened");
        }
    }

    private DecoderShape shape() {
        boolean layerNorm = architecture.equals("gpt2") || architecture.equals("gptneox");
        int width = positive("embedding_length");
        int heads = positive("attention.head_count");
        int keyHeads = optional("attention.head_count_kv").orElse(heads);
        int head = optional("attention.key_length").orElse(width / heads);
        if (optional("attention.value_length").orElse(head) != head) {
            throw new MalformedFileException(
                    file.path(), key("attention.value_length") + " must be that of the keys, " + head);
        }
        double epsilon =
                layerNorm ? number("attention.layer_norm_epsilon") : number("attention.layer_norm_rms_epsilon");
        DecoderShape shape = DecoderShape.of(
                        vocabulary(), positive("context_length"), positive("block_count"), width, 1)
                .withHeads(heads, keyHeads, head)
                .withHidden(positive("feed_forward_length"))
                .withEpsilon(epsilon)
                .withTied(!has("output.weight"))
                .withNorm(layerNorm ? Norm.LAYER : Norm.RMS);
        return switch (architecture) {
            case "gpt2" ->
                shape.withActivation(Activation.GELU)
                        .withBiases(true, true, true)
                        .withNaming(Naming.GPT2);
            case "gptneox" ->
                shape.withActivation(Activation.GELU_ERF)
                        .withBiases(has("blk.0.attn_qkv.bias"), has("blk.0.attn_output.bias"), true)
                        .withParallelBranches(flag("use_parallel_residual", true))
                        .withNaming(Naming.GPT_NEOX)
                        .withRotary(rotary(head));
            default -> gated(shape, head);
        };
    }

    private DecoderShape gated(DecoderShape shape, int head) {
        DecoderShape gated = shape.withActivation(Activation.SILU)
                .withGate(true)
                .withBiases(has("blk.0.attn_q.bias"), has("blk.0.attn_output.bias"), has("blk.0.ffn_up.bias"))
                .withNaming(Naming.LLAMA)
                .withRotary(rotary(head));
        OptionalInt window = optional("attention.sliding_window");
        if (window.isPresent()) {
            gated = gated.withWindows(Collections.nCopies(gated.blocks(), window));
        }
        return switch (architecture) {
            case "olmo2" -> gated.withNormPlace(NormPlace.AFTER).withQueryKeyNorm(QueryKeyNorm.ALL);
            case "qwen3" -> gated.withQueryKeyNorm(QueryKeyNorm.HEADS);
            default -> gated;
        };
    }

    private int vocabulary() {
        List<Long> shape = file.shape("token_embd.weight");
        if (shape.size() != 2 || shape.get(0) > Integer.MAX_VALUE) {
            throw new MalformedFileException(file.path(), "tensor \"token_embd.weight\" has the dimensions " + shape);
        }
        return shape.get(0).intValue();
    }

    /** The rotary positions of the file's model. */
    static RotaryPositions rotary(GgufFile file, int headWidth) {
        return new GgufConfig(file, architecture(file)).rotary(headWidth);
    }

    private RotaryPositions rotary(int head) {
        read.add(key("rope.freq_base"));
        read.add(key("rope.scaling.type"));
        double base = file.number(key("rope.freq_base")).orElse(10_000.0);
        int width = optional("rope.dimension_count").orElse(head);
        String scaling = file.text(key("rope.scaling.type")).orElse("none");
        if (!scaling.equals("none")) {
            throw new MalformedFileException(
                    file.path(),
                    key("rope.scaling.type") + " is " + MalformedFileException.quote(scaling) + ", expected \"none\"");
        }
        RotaryPositions positions = RotaryPositions.of(base, width);
        return llama3(positions).map(positions::withScaling).orElse(positions);
    }

    /**
     * Llama 3's scaling, which the file holds as what each frequency is divided by. All published models have the same limits of
     * the waves, and the factor is the largest divisor.
     */
    private Optional<Llama3Scaling> llama3(RotaryPositions plain) {
        if (!has("rope_freqs.weight")) {
            return Optional.empty();
        }
        Matrix matrix = file.matrix("rope_freqs.weight");
        // first: the width is a number of the header that nothing has bounded yet
        if (2L * matrix.columns() != plain.width()) {
            throw new MalformedFileException(
                    file.path(),
                    "tensor \"rope_freqs.weight\" has " + matrix.columns() + " numbers, expected half of the "
                            + plain.width() + " of a head that are turned");
        }
        double[] divisors = new double[matrix.columns()];
        matrix.read(0, 1, divisors, 0);
        double factor = 0;
        for (double divisor : divisors) {
            factor = Math.max(factor, divisor);
        }
        for (int original : ORIGINAL_CONTEXTS) {
            Llama3Scaling scaling = new Llama3Scaling(factor, 1, 4, original);
            if (divides(plain, scaling, divisors)) {
                return Optional.of(scaling);
            }
        }
        throw new MalformedFileException(
                file.path(), "tensor \"rope_freqs.weight\" scales the rotary positions in a way that is not Llama 3's");
    }

    /** Whether the scaling divides the frequencies by these numbers, which are in float32. */
    private static boolean divides(RotaryPositions plain, Llama3Scaling scaling, double[] divisors) {
        double[] before = plain.frequencies();
        double[] after = plain.withScaling(scaling).frequencies();
        for (int k = 0; k < divisors.length; k++) {
            if (Math.abs(before[k] / after[k] - divisors[k]) > ROUNDING * divisors[k]) {
                return false;
            }
        }
        return true;
    }

    private boolean has(String tensor) {
        return file.names().contains(tensor);
    }

    private String key(String name) {
        return architecture + "." + name;
    }

    private int positive(String name) {
        return optional(name).orElseThrow(() -> new MalformedFileException(file.path(), "has no entry " + key(name)));
    }

    private OptionalInt optional(String name) {
        read.add(key(name));
        Optional<Long> value = file.integer(key(name));
        if (value.isEmpty()) {
            return OptionalInt.empty();
        }
        if (value.get() < 1 || value.get() > Integer.MAX_VALUE) {
            throw new MalformedFileException(
                    file.path(), key(name) + " must be a positive number below 2^31, found " + value.get());
        }
        return OptionalInt.of(value.get().intValue());
    }

    private double number(String name) {
        read.add(key(name));
        return file.number(key(name))
                .orElseThrow(() -> new MalformedFileException(file.path(), "has no entry " + key(name)));
    }

    private boolean flag(String name, boolean otherwise) {
        read.add(key(name));
        return file.flag(key(name)).orElse(otherwise);
    }
}
