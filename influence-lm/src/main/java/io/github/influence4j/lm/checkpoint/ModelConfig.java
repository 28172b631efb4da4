package io.github.influence4j.lm.checkpoint;

import io.github.influence4j.decoder.Activation;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.store.json.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * {@code config.json} of a checkpoint: what its options are called, what they are where nothing is said, and which are refused.
 *
 * <p>An option that is not known is refused by its name if the name is one of those that change a model's numbers, unless it is
 * null, false, or what the model does anyway.
 */
final class ModelConfig {

    /** Words in the names of options that change what a model computes. */
    private static final Pattern CHANGES_NUMBERS = Pattern.compile(
            "(?!.*flash).*(scal|multiplier|softcap|clip|expert|moe|rope|rotary|bias|norm|window|act_|_act$|activation|alibi|quanti"
                    + "|chunk|residual|qk_|mixer|mamba|ssm|layer_types|parallel|cross_attention|pretraining_tp|logit"
                    + "|attention_(?!.*dropout)|attn_(?!pdrop|dropout|impl)|nope|sink|sparse|softmax|embed_).*");

    /** Options with such names that every family has, with what they say where they change nothing. */
    private static final Map<String, Object> HARMLESS = Map.of("pretraining_tp", 1L);

    private final Path file;
    private final StrictJson json;
    private final Map<String, Object> unread;

    private ModelConfig(Path file, StrictJson json) {
        this.file = file;
        this.json = json;
        this.unread = new TreeMap<>(json.plain());
    }

    /**
     * Reads the file of a folder.
     *
     * @throws MalformedFileException if it is missing or not JSON
     */
    static ModelConfig read(Path folder) throws IOException {
        Path file = folder.resolve("config.json");
        if (!Files.isRegularFile(file)) {
            String adapter = Files.exists(folder.resolve("adapter_config.json"))
                    ? "; the folder holds an adapter: merge it into its model first"
                    : "; expected the folder of a checkpoint as it is downloaded, or a GGUF file";
            throw new MalformedFileException(file, "is missing" + adapter);
        }
        return new ModelConfig(file, StrictJson.readLinked(file, "the model's configuration"));
    }

    /**
     * Makes the form of the model.
     *
     * @throws MalformedFileException if the family or an option is not known, or a number is missing or wrong
     */
    DecoderShape shape() {
        String family = text("model_type", "");
        DecoderShape shape;
        try {
            shape = ModelFamily.named(family)
                    .orElseThrow(() -> refused("model_type", "one of " + ModelFamily.names()))
                    .shape(this);
        } catch (MalformedFileException e) {
            throw e;
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new MalformedFileException(file, String.valueOf(e.getMessage()), e);
        }
        refuseUnknown(family);
        return shape;
    }

    private void refuseUnknown(String family) {
        String unknown = unread.entrySet().stream()
                .filter(e -> CHANGES_NUMBERS.matcher(e.getKey()).matches())
                .filter(e -> !e.getValue().equals(false) && !e.getValue().equals(HARMLESS.get(e.getKey())))
                .map(e -> MalformedFileException.quote(e.getKey()) + " = " + e.getValue())
                .collect(Collectors.joining(", "));
        if (!unknown.isEmpty()) {
            throw new MalformedFileException(
                    file,
                    "has options that are not known for " + family + " and may change its numbers: " + unknown
                            + "; this model cannot be opened");
        }
    }

    Path file() {
        return file;
    }

    /** A positive number that must be there. */
    int positive(String name) {
        unread.remove(name);
        return json.positive(name);
    }

    /** A positive number, or nothing where it is missing or null. */
    OptionalInt optional(String name) {
        unread.remove(name);
        return json.hasValue(name) ? OptionalInt.of(json.positive(name)) : OptionalInt.empty();
    }

    /** A positive number; nothing where null is said, and this number where the file says nothing. */
    OptionalInt optional(String name, int otherwise) {
        return json.has(name) ? optional(name) : OptionalInt.of(otherwise);
    }

    double number(String name, double otherwise) {
        unread.remove(name);
        return json.hasValue(name) ? json.number(name) : otherwise;
    }

    boolean flag(String name, boolean otherwise) {
        unread.remove(name);
        return json.hasValue(name) ? json.flag(name) : otherwise;
    }

    String text(String name, String otherwise) {
        unread.remove(name);
        return json.hasValue(name) ? json.text(name) : otherwise;
    }

    Optional<StrictJson> object(String name) {
        unread.remove(name);
        return json.hasValue(name) ? Optional.of(json.object(name)) : Optional.empty();
    }

    Optional<Object> any(String name) {
        unread.remove(name);
        return json.any(name);
    }

    /** Refuses an option unless it says what the family does. */
    void require(String name, boolean expected) {
        if (flag(name, expected) != expected) {
            throw refused(name, String.valueOf(expected));
        }
    }

    Activation activation(String name, String otherwise) {
        return switch (text(name, otherwise)) {
            case "silu", "swish" -> Activation.SILU;
            case "gelu" -> Activation.GELU_ERF;
            case "gelu_new", "gelu_pytorch_tanh" -> Activation.GELU;
            case "relu" -> Activation.RELU;
            default -> throw refused(name, "silu, gelu, gelu_new, gelu_pytorch_tanh or relu");
        };
    }

    MalformedFileException refused(String name, String expected) {
        return json.malformed(name, expected);
    }
}
