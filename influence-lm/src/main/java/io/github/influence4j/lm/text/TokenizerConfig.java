package io.github.influence4j.lm.text;

import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.store.json.StrictJson;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a checkpoint says about its tokeniser beside the tokeniser itself.
 *
 * @param file where it is said, for messages
 * @param specialTokens texts of special tokens by what they are for, such as {@code bos_token}
 * @param addBos whether texts begin with the start token, where it is said
 * @param addEos whether texts end with the end token, where it is said
 * @param chatTemplate the template of conversations, if there is one
 */
public record TokenizerConfig(
        Path file,
        Map<String, String> specialTokens,
        Optional<Boolean> addBos,
        Optional<Boolean> addEos,
        Optional<ChatTemplate> chatTemplate) {

    private static final List<String> TOKENS =
            List.of("bos_token", "eos_token", "pad_token", "unk_token", "cls_token", "sep_token");

    /** Most bytes of a template in a file of its own. */
    private static final long MAX_TEMPLATE = 1 << 20;

    /** Copies the map. */
    public TokenizerConfig {
        specialTokens = Map.copyOf(specialTokens);
    }

    /**
     * Reads {@code tokenizer_config.json} and, where there is one, {@code chat_template.jinja} of a folder; a folder without them
     * says nothing.
     *
     * @param folder the checkpoint
     * @return what they say
     * @throws IOException if they cannot be read
     * @throws MalformedFileException if they are not what they should be
     */
    public static TokenizerConfig read(Path folder) throws IOException {
        Path file = folder.resolve("tokenizer_config.json");
        if (!Files.exists(file)) {
            return new TokenizerConfig(file, Map.of(), Optional.empty(), Optional.empty(), template(folder, Map.of()));
        }
        StrictJson json = StrictJson.readLinked(file, "the tokeniser's configuration");
        Map<String, String> tokens = new LinkedHashMap<>();
        for (String name : TOKENS) {
            token(json, name).ifPresent(text -> tokens.put(name, text));
        }
        Optional<ChatTemplate> ownFile = template(folder, tokens);
        return new TokenizerConfig(
                file,
                tokens,
                flag(json, "add_bos_token"),
                flag(json, "add_eos_token"),
                ownFile.isPresent() ? ownFile : template(json, file, tokens));
    }

    private static Optional<String> token(StrictJson json, String name) {
        Optional<Object> value = json.any(name);
        if (value.isEmpty()) {
            return Optional.empty();
        }
        if (value.get() instanceof String text) {
            return Optional.of(text);
        }
        return Optional.of(json.object(name).text("content"));
    }

    private static Optional<Boolean> flag(StrictJson json, String name) {
        return json.hasValue(name) ? Optional.of(json.flag(name)) : Optional.empty();
    }

    /** A list of templates is one for each use; conversations have the one that is named default. */
    private static Optional<ChatTemplate> template(StrictJson json, Path file, Map<String, String> tokens) {
        Optional<Object> value = json.any("chat_template");
        if (value.isEmpty()) {
            return Optional.empty();
        }
        if (value.get() instanceof String text) {
            return Optional.of(ChatTemplate.of(file, text, tokens));
        }
        return json.list("chat_template").stream()
                .filter(each -> each.text("name").equals("default"))
                .map(each -> ChatTemplate.of(file, each.text("template"), tokens))
                .findFirst();
    }

    private static Optional<ChatTemplate> template(Path folder, Map<String, String> tokens) throws IOException {
        Path file = folder.resolve("chat_template.jinja");
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        if (Files.size(file) > MAX_TEMPLATE) {
            throw new MalformedFileException(
                    file, "has " + Files.size(file) + " bytes, at most " + MAX_TEMPLATE + " are read");
        }
        try {
            return Optional.of(ChatTemplate.of(file, Files.readString(file), tokens));
        } catch (CharacterCodingException e) {
            throw new MalformedFileException(file, "is not UTF-8; save it as UTF-8", e);
        }
    }
}
