package io.github.influence4j.lm.text;

import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.store.json.StrictJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The words of a file of JSON lines, for a search that needs no model: {@code "text"}, {@code "prompt"} with {@code "completion"}, or
 * what is said in {@code "messages"}.
 *
 * <p>Ids are those of {@link TextData}: numbers in {@code "id"}, or of the lines. Whoever opens it closes it.
 */
public final class PlainTexts implements Iterable<String>, AutoCloseable {

    private final JsonLines lines;
    private final long[] ids;

    private PlainTexts(JsonLines lines) {
        this.lines = lines;
        this.ids = new long[lines.size()];
    }

    /**
     * Opens a file and reads its ids.
     *
     * @param file one JSON object a line
     * @return the texts, which the caller closes
     * @throws IOException if it cannot be read
     * @throws MalformedFileException if a line is malformed or has no text, or an id is missing or there twice
     */
    public static PlainTexts open(Path file) throws IOException {
        return open(file, TextData.ID);
    }

    /**
     * Opens a file whose ids stand in another field.
     *
     * @param file one JSON object a line
     * @param idField field of the ids; where the first line has none, lines are counted
     * @return the texts, which the caller closes
     * @throws IOException if it cannot be read
     * @throws MalformedFileException if a line is malformed, or an id is missing or there twice
     */
    public static PlainTexts open(Path file, String idField) throws IOException {
        PlainTexts texts = new PlainTexts(JsonLines.open(file));
        try {
            boolean named = texts.lines.read(0).hasValue(idField);
            Set<Long> seen = new HashSet<>();
            for (int k = 0; k < texts.ids.length; k++) {
                texts.ids[k] = TextData.id(texts.lines, k, named, idField);
                if (!seen.add(texts.ids[k])) {
                    throw TextData.wrong(
                            texts.lines, k, "has the id " + texts.ids[k] + " of an earlier line; ids must be distinct");
                }
            }
            return texts;
        } catch (RuntimeException | Error e) {
            texts.close();
            throw e;
        }
    }

    /**
     * Returns the ids of the lines.
     *
     * @return a copy, in the order of the file
     */
    public long[] ids() {
        return ids.clone();
    }

    /**
     * Reads the words of a line.
     *
     * @param place from 0, blank lines left out
     * @return its text
     * @throws MalformedFileException if the line has no text, only tokens for instance
     */
    public String text(int place) {
        StrictJson line = lines.read(place);
        if (line.hasValue("text")) {
            return line.text("text");
        }
        if (line.hasValue("prompt")) {
            return line.text("prompt") + line.text("completion");
        }
        if (line.hasValue("messages")) {
            List<StrictJson> messages = line.list("messages");
            return messages.stream().map(message -> message.text("content")).collect(Collectors.joining("\n"));
        }
        throw TextData.wrong(
                lines, place, "has no words: a search needs \"text\", \"prompt\" with \"completion\", or \"messages\"");
    }

    /**
     * Reads a field that says something of a line, such as its author.
     *
     * @param place from 0, blank lines left out
     * @param name of the field
     * @return its text, number or truth value in words
     * @throws MalformedFileException if the line has no such field, or a list or object there
     */
    public String field(int place, String name) {
        Object value = lines.read(place)
                .any(name)
                .orElseThrow(() -> TextData.wrong(lines, place, "has no field \"" + name + "\""));
        if (value instanceof List || value instanceof Map) {
            throw TextData.wrong(
                    lines, place, "has a list or object in the field \"" + name + "\"; expected a text or a number");
        }
        return value.toString();
    }

    /**
     * Reads a field that lists texts, such as the tokens of a line.
     *
     * @param place from 0, blank lines left out
     * @param name of the field
     * @return its texts; empty where the line has no such field
     * @throws MalformedFileException if it is not a list of texts
     */
    public List<String> texts(int place, String name) {
        Object value = lines.read(place).any(name).orElse(List.of());
        if (value instanceof List<?> list && list.stream().allMatch(String.class::isInstance)) {
            return list.stream().map(String.class::cast).toList();
        }
        throw TextData.wrong(lines, place, "has something else than a list of texts in the field \"" + name + "\"");
    }

    @Override
    public Iterator<String> iterator() {
        return IntStream.range(0, ids.length).mapToObj(this::text).iterator();
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
