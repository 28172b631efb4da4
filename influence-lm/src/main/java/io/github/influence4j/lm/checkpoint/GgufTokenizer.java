package io.github.influence4j.lm.checkpoint;

import io.github.influence4j.lm.gguf.GgufFile;
import io.github.influence4j.lm.text.ChatTemplate;
import io.github.influence4j.lm.text.ModelTokenizer;
import io.github.influence4j.lm.text.TokenizerConfig;
import io.github.influence4j.safetensors.MalformedFileException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;

/**
 * The tokeniser of a GGUF file as a {@code tokenizer.json}: byte-level pair encoding with the merges of the file, and the division
 * into words that {@code tokenizer.ggml.pre} names.
 */
final class GgufTokenizer {

    private static final String KEY = "tokenizer.ggml.";

    /** Types of tokens: what is neither text nor bytes. */
    private static final long CONTROL = 3;

    private static final long USER_DEFINED = 4;

    private static final String LLAMA3_WORDS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
            + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    private static final String QWEN2_WORDS = LLAMA3_WORDS.replace("\\p{N}{1,3}", "\\p{N}");

    private final GgufFile file;
    private final List<String> tokens;

    private GgufTokenizer(GgufFile file, List<String> tokens) {
        this.file = file;
        this.tokens = tokens;
    }

    /**
     * Opens the tokeniser.
     *
     * @return the tokeniser, which the caller closes; empty if the file has none
     * @throws MalformedFileException if it is of a kind that is not known, or damaged
     */
    static Optional<ModelTokenizer> open(GgufFile file) {
        return of(file).map(GgufTokenizer::open);
    }

    /**
     * Makes the files that a folder would hold: {@code tokenizer.json} and {@code tokenizer_config.json}.
     *
     * @return their contents by name; none if the file has no tokeniser
     */
    static Map<String, Map<String, Object>> files(GgufFile file) {
        Map<String, Map<String, Object>> files = new LinkedHashMap<>();
        of(file).ifPresent(tokenizer -> {
            files.put("tokenizer.json", tokenizer.json());
            files.put("tokenizer_config.json", tokenizer.configuration());
        });
        return files;
    }

    private static Optional<GgufTokenizer> of(GgufFile file) {
        Optional<String> model = file.text(KEY + "model");
        if (model.isEmpty()) {
            return Optional.empty();
        }
        if (!model.get().equals("gpt2")) {
            throw new MalformedFileException(
                    file.path(),
                    "has a tokeniser of the kind " + MalformedFileException.quote(model.get())
                            + ", expected \"gpt2\"; give data with \"input_ids\", or open the model's folder with"
                            + " tokenizer.json");
        }
        List<String> tokens = file.list(KEY + "tokens", String.class)
                .orElseThrow(() -> new MalformedFileException(file.path(), "has no " + KEY + "tokens"));
        return Optional.of(new GgufTokenizer(file, tokens));
    }

    private ModelTokenizer open() {
        return ModelTokenizer.of(file.path(), JsonMapper.shared().writeValueAsBytes(json()), config());
    }

    private Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("version", "1.0");
        json.put("added_tokens", addedTokens());
        preTokenizer(json);
        json.put("decoder", byteLevel(false));
        json.put("model", model());
        return json;
    }

    private Map<String, Object> configuration() {
        TokenizerConfig config = config();
        Map<String, Object> json = new LinkedHashMap<>(config.specialTokens());
        json.put("tokenizer_class", "PreTrainedTokenizerFast");
        config.addBos().ifPresent(add -> json.put("add_bos_token", add));
        config.addEos().ifPresent(add -> json.put("add_eos_token", add));
        file.text("tokenizer.chat_template").ifPresent(text -> json.put("chat_template", text));
        return json;
    }

    private Map<String, Object> model() {
        Map<String, Integer> vocabulary = new LinkedHashMap<>();
        for (int id = 0; id < tokens.size(); id++) {
            if (vocabulary.put(tokens.get(id), id) != null) {
                throw new MalformedFileException(
                        file.path(), "has the token " + MalformedFileException.quote(tokens.get(id)) + " twice");
            }
        }
        List<String> merges = file.list(KEY + "merges", String.class)
                .orElseThrow(() -> new MalformedFileException(file.path(), "has no " + KEY + "merges"));
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("type", "BPE");
        model.put("ignore_merges", pre().equals("llama-bpe"));
        model.put("vocab", vocabulary);
        model.put("merges", merges);
        return model;
    }

    private List<Object> addedTokens() {
        List<Long> types = file.list(KEY + "token_type", Long.class).orElse(List.of());
        if (!types.isEmpty() && types.size() != tokens.size()) {
            throw new MalformedFileException(
                    file.path(), "has " + tokens.size() + " tokens with " + types.size() + " types");
        }
        List<Object> added = new ArrayList<>();
        for (int id = 0; id < types.size(); id++) {
            if (types.get(id) == CONTROL || types.get(id) == USER_DEFINED) {
                added.add(Map.of(
                        "id", id,
                        "content", tokens.get(id),
                        "single_word", false,
                        "lstrip", false,
                        "rstrip", false,
                        "normalized", false,
                        "special", types.get(id) == CONTROL));
            }
        }
        return added;
    }

    private String pre() {
        return file.text(KEY + "pre").orElse("");
    }

    private void preTokenizer(Map<String, Object> json) {
        switch (pre()) {
            case "gpt-2" -> json.put("pre_tokenizer", byteLevel(true));
            case "smollm" ->
                json.put(
                        "pre_tokenizer",
                        sequence(Map.of("type", "Digits", "individual_digits", true), byteLevel(true)));
            case "olmo" -> {
                json.put("normalizer", Map.of("type", "NFC"));
                json.put("pre_tokenizer", byteLevel(true));
            }
            case "llama-bpe" -> json.put("pre_tokenizer", sequence(split(LLAMA3_WORDS), byteLevel(false)));
            case "qwen2" -> {
                json.put("normalizer", Map.of("type", "NFC"));
                json.put("pre_tokenizer", sequence(split(QWEN2_WORDS), byteLevel(false)));
            }
            default ->
                throw new MalformedFileException(
                        file.path(),
                        KEY + "pre is " + MalformedFileException.quote(pre())
                                + ", expected gpt-2, smollm, olmo, llama-bpe or qwen2; give data with \"input_ids\", or"
                                + " open the model's folder with tokenizer.json");
        }
    }

    private static Map<String, Object> sequence(Object... parts) {
        return Map.of("type", "Sequence", "pretokenizers", List.of(parts));
    }

    private static Map<String, Object> split(String words) {
        return Map.of("type", "Split", "pattern", Map.of("Regex", words), "behavior", "Isolated", "invert", false);
    }

    private static Map<String, Object> byteLevel(boolean words) {
        return Map.of("type", "ByteLevel", "add_prefix_space", false, "trim_offsets", true, "use_regex", words);
    }

    private TokenizerConfig config() {
        Map<String, String> special = new LinkedHashMap<>();
        special(special, "bos_token");
        special(special, "eos_token");
        Optional<ChatTemplate> template =
                file.text("tokenizer.chat_template").map(text -> ChatTemplate.of(file.path(), text, special));
        return new TokenizerConfig(file.path(), special, addBos(), file.flag(KEY + "add_eos_token"), template);
    }

    /** Texts of Llama 3 begin with the start token where the file does not say. */
    private Optional<Boolean> addBos() {
        Optional<Boolean> said = file.flag(KEY + "add_bos_token");
        return said.isEmpty() && pre().equals("llama-bpe") ? Optional.of(true) : said;
    }

    private void special(Map<String, String> special, String use) {
        file.integer(KEY + use + "_id").ifPresent(id -> {
            if (id < 0 || id >= tokens.size()) {
                throw new MalformedFileException(
                        file.path(), KEY + use + "_id is " + id + ", which is none of " + tokens.size() + " tokens");
            }
            special.put(use, tokens.get(id.intValue()));
        });
    }
}
