package io.github.influence4j.lm.text;

import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.store.json.StrictJson;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Makes examples of JSON objects of four forms.
 *
 * <ul>
 *   <li>{@code {"text"}}: every token counts;
 *   <li>{@code {"prompt", "completion"}}: the tokens that reach into the completion count. {@code "contrast"} may hold another
 *       completion, for questions;
 *   <li>{@code {"messages"}}: the checkpoint's chat template makes a text of them, and what the assistant says counts, with the
 *       token that ends its turn;
 *   <li>{@code {"input_ids", "labels"}}: as training programs hold them, −100 for what does not count; without labels every token
 *       counts, and padding is left out by {@code "attention_mask"}.
 * </ul>
 *
 * <p>Prompt and completion are divided into tokens as one text, as the model will read them. Other entries are left alone.
 */
public final class ExampleReader {

    private static final List<String> FORMS = List.of("text", "prompt", "messages", "input_ids");

    private final Optional<ModelTokenizer> tokenizer;
    private final int vocabulary;

    /**
     * Makes a reader.
     *
     * @param tokenizer the checkpoint's tokeniser; without one only tokens can be read
     * @param vocabulary number of tokens that the model knows
     */
    public ExampleReader(Optional<ModelTokenizer> tokenizer, int vocabulary) {
        this.tokenizer = tokenizer;
        this.vocabulary = vocabulary;
    }

    /**
     * Makes an example of a line.
     *
     * @param lines the file
     * @param index which of its lines
     * @return the example, of whatever length
     * @throws MalformedFileException if the line has none of the forms or more than one, has tokens that the model does not know,
     *     or its conversation cannot be written; names the line
     */
    public TextExample read(JsonLines lines, int index) {
        StrictJson line = lines.read(index);
        try {
            TextExample example = read(line);
            check(example);
            return example;
        } catch (MalformedFileException e) {
            String message = String.valueOf(e.getMessage());
            if (message.startsWith(lines.path().toString())) {
                throw e;
            }
            throw new MalformedFileException(lines.path(), "line " + lines.number(index) + ": " + message, e);
        } catch (IllegalArgumentException e) {
            throw new MalformedFileException(lines.path(), "line " + lines.number(index) + ": " + e.getMessage(), e);
        }
    }

    private TextExample read(StrictJson line) {
        List<String> forms = FORMS.stream().filter(line::hasValue).toList();
        if (forms.size() != 1) {
            throw new IllegalArgumentException(
                    "expected one of \"text\", \"prompt\" with \"completion\", \"messages\" or"
                            + " \"input_ids\", found " + (forms.isEmpty() ? "none" : forms));
        }
        return switch (forms.get(0)) {
            case "text" -> whole(line.text("text"));
            case "prompt" -> completion(line);
            case "messages" -> conversation(line);
            default -> tokens(line);
        };
    }

    private TextExample whole(String text) {
        TokenisedText tokens = tokenizer().encodeWhole(text);
        return example(text, tokens, tokens.ids().clone());
    }

    private TextExample completion(StrictJson line) {
        String prompt = line.text("prompt");
        TextExample example = completion(prompt, line.text("completion"));
        if (!line.hasValue("contrast")) {
            return example;
        }
        TextExample other = completion(prompt, line.text("contrast"));
        return new TextExample(example.text(), example.tokens(), example.labels(), Optional.of(other), false);
    }

    private TextExample completion(String prompt, String completion) {
        String text = prompt + completion;
        TokenisedText tokens = tokenizer().encodeWhole(text);
        int[] labels = tokens.ids().clone();
        for (int k = 0; k < labels.length; k++) {
            if (tokens.ends()[k] <= prompt.length()) {
                labels[k] = TextExample.NOT_COUNTED;
            }
        }
        return example(text, tokens, labels);
    }

    private TextExample conversation(StrictJson line) {
        ChatTemplate template = tokenizer()
                .config()
                .chatTemplate()
                .orElseThrow(() -> new MalformedFileException(
                        tokenizer().config().file(),
                        "has no chat_template for \"messages\"; add one, or give \"prompt\" and \"completion\""));
        Conversation conversation = Conversation.of(template, messages(line));
        TokenisedText tokens = tokenizer().encode(conversation.text());
        int[] labels = tokens.ids().clone();
        for (int k = 0; k < labels.length; k++) {
            if (!conversation.isSaidByAssistant(tokens.starts()[k], tokens.ends()[k])) {
                labels[k] = TextExample.NOT_COUNTED;
            }
        }
        return example(conversation.text(), tokens, labels);
    }

    private static List<Map<String, ?>> messages(StrictJson line) {
        List<Map<String, ?>> messages = new ArrayList<>();
        for (StrictJson message : line.list("messages")) {
            message.text("role");
            if (!message.hasValue("content") && !message.hasValue("tool_calls")) {
                throw message.malformed("content", "there");
            }
            messages.add(message.plain());
        }
        if (messages.isEmpty()) {
            throw line.malformed("messages", "at least one message");
        }
        return messages;
    }

    private TextExample tokens(StrictJson line) {
        int[] ids = line.integerList("input_ids");
        int[] labels = line.hasValue("labels") ? line.integerList("labels") : ids.clone();
        int[] mask = line.hasValue("attention_mask") ? line.integerList("attention_mask") : ones(ids.length);
        if (labels.length != ids.length || mask.length != ids.length) {
            throw new IllegalArgumentException(ids.length + " input_ids with " + labels.length + " labels and an"
                    + " attention_mask of " + mask.length + "; expected as many of each");
        }
        int from = 0;
        while (from < mask.length && mask[from] == 0) {
            from++;
        }
        int to = mask.length;
        while (to > from && mask[to - 1] == 0) {
            to--;
        }
        for (int k = from; k < to; k++) {
            if (mask[k] != 1) {
                throw new IllegalArgumentException("attention_mask has " + mask[k] + " at token " + k
                        + " between others that are read; only padding at the ends can be left out");
            }
        }
        return ofTokens(Arrays.copyOfRange(ids, from, to), Arrays.copyOfRange(labels, from, to));
    }

    /** The text of tokens is what each of them stands for by itself. */
    private TextExample ofTokens(int[] ids, int[] labels) {
        checkRange(ids, false);
        StringBuilder text = new StringBuilder();
        int[] starts = new int[ids.length];
        int[] ends = new int[ids.length];
        for (int k = 0; k < ids.length; k++) {
            starts[k] = text.length();
            text.append(tokenizer.isPresent() ? tokenizer.get().decode(ids[k]) : ids[k] + " ");
            ends[k] = text.length();
        }
        return example(text.toString(), new TokenisedText(ids, starts, ends), labels);
    }

    private static int[] ones(int count) {
        int[] ones = new int[count];
        Arrays.fill(ones, 1);
        return ones;
    }

    private static TextExample example(String text, TokenisedText tokens, int[] labels) {
        return new TextExample(text, tokens, labels, Optional.empty(), false);
    }

    private ModelTokenizer tokenizer() {
        return tokenizer.orElseThrow(() -> new IllegalArgumentException(
                "text needs the model's tokeniser, and none was found; add tokenizer.json to the model, or give"
                        + " \"input_ids\""));
    }

    private void check(TextExample example) {
        checkRange(example.tokens().ids(), false);
        checkRange(example.labels(), true);
        example.contrast().ifPresent(this::check);
    }

    private void checkRange(int[] values, boolean labels) {
        for (int k = 0; k < values.length; k++) {
            if (values[k] < 0 && !(labels && values[k] == TextExample.NOT_COUNTED) || values[k] >= vocabulary) {
                throw new IllegalArgumentException((labels ? "label " : "token ") + values[k] + " at place " + k
                        + " is not from 0 to " + (vocabulary - 1) + " of the model's vocabulary"
                        + (labels ? ", nor " + TextExample.NOT_COUNTED : "")
                        + "; the tokeniser must be that of the model");
            }
        }
    }
}
