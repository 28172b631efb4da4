package io.github.influence4j.store.json;

import io.github.influence4j.safetensors.MalformedFileException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;

/**
 * An object of a JSON text, whose entries are asked for by name and type; whatever is missing, of another type, there twice or
 * left over is a {@link MalformedFileException} that says where.
 */
public final class StrictJson {

    private final Path file;
    private final String where;
    private final Map<?, ?> entries;

    private StrictJson(Path file, String where, Map<?, ?> entries) {
        this.file = file;
        this.where = where;
        this.entries = entries;
    }

    /** What the parser says of itself in its messages. */
    private static final Pattern PARSER_PLACE = Pattern.compile(" \\(start marker at \\[Source: [^]]*]\\)");

    /** Largest file that is read. */
    private static final long MAX_FILE = 64L << 20;

    /**
     * Reads a file that holds an object.
     *
     * @param file the file; a symbolic link is refused
     * @param where what the file is, for messages
     * @return the object
     * @throws IOException if it cannot be read
     * @throws MalformedFileException if it is missing, or not an object in JSON
     */
    public static StrictJson read(Path file, String where) throws IOException {
        return parse(file, where, text(file));
    }

    /**
     * Reads a file that holds an object, or the file that a link leads to, as downloads have them in a cache.
     *
     * @param file the file or the link, which messages name
     * @param where what the file is, for messages
     * @return the object
     * @throws IOException if it cannot be read
     * @throws MalformedFileException if it is not an object in JSON
     */
    public static StrictJson readLinked(Path file, String where) throws IOException {
        return parse(file, where, text(file, file.toRealPath()));
    }

    static String text(Path file) throws IOException {
        return text(file, file);
    }

    private static String text(Path name, Path file) throws IOException {
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new MalformedFileException(name, "is missing, or not a regular file");
        }
        if (Files.size(file) > MAX_FILE) {
            throw new MalformedFileException(
                    name, "has " + Files.size(file) + " bytes, at most " + MAX_FILE + " are read");
        }
        try {
            return Files.readString(file);
        } catch (CharacterCodingException e) {
            throw new MalformedFileException(name, "is not UTF-8", e);
        }
    }

    /**
     * Parses an object.
     *
     * @param file the file, for messages
     * @param where what the text is, for messages
     * @param text the JSON
     * @return the object
     * @throws MalformedFileException if it is not one
     */
    public static StrictJson parse(Path file, String where, String text) {
        try {
            return object(file, where, JsonTree.parse(text));
        } catch (JacksonException e) {
            throw new MalformedFileException(
                    file,
                    where + " is not the JSON it should be: "
                            + PARSER_PLACE.matcher(e.getOriginalMessage()).replaceAll(""),
                    e);
        }
    }

    /**
     * Returns the entries, all of which must be objects.
     *
     * @return objects by name, in the file's order
     */
    public Map<String, StrictJson> objects() {
        Map<String, StrictJson> objects = new LinkedHashMap<>();
        names().forEach(name -> objects.put(name, object(name)));
        return objects;
    }

    /**
     * Returns the entries, all of which must be texts.
     *
     * @return texts by name, in the file's order
     */
    public Map<String, String> texts() {
        Map<String, String> texts = new LinkedHashMap<>();
        names().forEach(name -> texts.put(name, text(name)));
        return texts;
    }

    /**
     * Returns the entries, all of which must be whole numbers.
     *
     * @return numbers by name, in the file's order
     */
    public Map<String, Long> integers() {
        Map<String, Long> numbers = new LinkedHashMap<>();
        names().forEach(name -> numbers.put(name, integer(name)));
        return numbers;
    }

    /**
     * Returns an object.
     *
     * @param name its name
     * @return the object
     */
    public StrictJson object(String name) {
        return child(name, required(name));
    }

    /**
     * Returns a list of objects.
     *
     * @param name its name
     * @return the objects
     */
    public List<StrictJson> list(String name) {
        if (!(required(name) instanceof List<?> list)) {
            throw malformed(name, "a list");
        }
        List<StrictJson> objects = new ArrayList<>();
        for (Object each : list) {
            objects.add(child(name + "[" + objects.size() + "]", each));
        }
        return objects;
    }

    /**
     * Returns a text.
     *
     * @param name its name
     * @return the text
     */
    public String text(String name) {
        if (required(name) instanceof String text) {
            return text;
        }
        throw malformed(name, "a text");
    }

    /**
     * Returns a text that may be missing.
     *
     * @param name its name
     * @return the text, or nothing where there is no such entry
     */
    public Optional<String> optionalText(String name) {
        return has(name) ? Optional.of(text(name)) : Optional.empty();
    }

    /**
     * Returns a whole number.
     *
     * @param name its name
     * @return the number
     */
    public long integer(String name) {
        if (required(name) instanceof BigInteger number && number.bitLength() < Long.SIZE) {
            return number.longValue();
        }
        throw malformed(name, "a whole number");
    }

    /**
     * Returns a positive whole number that fits an {@code int}.
     *
     * @param name its name
     * @return the number
     */
    public int positive(String name) {
        long value = integer(name);
        if (value < 1 || value > Integer.MAX_VALUE) {
            throw malformed(name, "a positive number below 2^31");
        }
        return (int) value;
    }

    /**
     * Returns a number.
     *
     * @param name its name
     * @return the number
     */
    public double number(String name) {
        Object value = required(name);
        double number = value instanceof Number found ? found.doubleValue() : Double.NaN;
        if (!Double.isFinite(number)) {
            throw malformed(name, "a finite number");
        }
        return number;
    }

    /**
     * Returns a list of whole numbers, each of which fits an {@code int}.
     *
     * @param name its name
     * @return the numbers
     */
    public int[] integerList(String name) {
        if (!(required(name) instanceof List<?> list)) {
            throw malformed(name, "a list of whole numbers");
        }
        int[] numbers = new int[list.size()];
        for (int k = 0; k < numbers.length; k++) {
            if (!(list.get(k) instanceof BigInteger number && number.bitLength() < Integer.SIZE)) {
                throw malformed(name, "a list of whole numbers below 2^31");
            }
            numbers[k] = number.intValue();
        }
        return numbers;
    }

    /**
     * Returns a list of whole numbers.
     *
     * @param name its name
     * @return the numbers
     */
    public List<Long> integers(String name) {
        if (!(required(name) instanceof List<?> list)) {
            throw malformed(name, "a list of whole numbers");
        }
        List<Long> numbers = new ArrayList<>();
        for (Object each : list) {
            if (!(each instanceof BigInteger number && number.bitLength() < Long.SIZE)) {
                throw malformed(name, "a list of whole numbers below 2^63");
            }
            numbers.add(number.longValue());
        }
        return numbers;
    }

    /**
     * Says whether an entry is there and is not null, for files whose writers put null where they have nothing to say.
     *
     * @param name its name
     * @return whether there is a value
     */
    public boolean hasValue(String name) {
        return has(name) && entries.get(name) != JsonTree.Null.NULL;
    }

    /**
     * Returns an entry of any type, for programs that take whatever the file holds.
     *
     * @param name its name
     * @return a map, list, text, {@link Boolean}, {@link Long}, {@link BigInteger} or {@link Double}; empty where it is missing or
     *     null, which is left out of maps and lists too
     */
    public Optional<Object> any(String name) {
        return has(name) ? JsonTree.plain(required(name)) : Optional.empty();
    }

    /**
     * Returns all entries, as {@link #any} returns one.
     *
     * @return values by name, in the file's order, without those that are null
     */
    public Map<String, Object> plain() {
        Map<String, Object> values = new LinkedHashMap<>();
        names().forEach(name -> any(name).ifPresent(value -> values.put(name, value)));
        return values;
    }

    /**
     * Returns a truth value.
     *
     * @param name its name
     * @return the value
     */
    public boolean flag(String name) {
        if (required(name) instanceof Boolean flag) {
            return flag;
        }
        throw malformed(name, "true or false");
    }

    /**
     * Says whether there is an entry.
     *
     * @param name its name
     * @return whether there is
     */
    public boolean has(String name) {
        return entries.containsKey(name);
    }

    /**
     * Refuses entries that nobody would read, such as misspelt ones.
     *
     * @param known the names that may be there
     */
    public void requireOnly(Set<String> known) {
        for (String name : names()) {
            if (!known.contains(name)) {
                throw new MalformedFileException(
                        file, where + " has an unknown entry " + MalformedFileException.quote(name));
            }
        }
    }

    /**
     * Makes an exception about an entry.
     *
     * @param name its name
     * @param expected what it should be
     * @return the exception
     */
    public MalformedFileException malformed(String name, String expected) {
        Object value = entries.get(name);
        String found = value == null ? "found nothing" : "found " + MalformedFileException.quote(String.valueOf(value));
        return new MalformedFileException(
                file, where + ": " + MalformedFileException.quote(name) + " must be " + expected + ", " + found);
    }

    private List<String> names() {
        return entries.keySet().stream().map(String::valueOf).toList();
    }

    private Object required(String name) {
        Object value = entries.get(name);
        if (value == null) {
            throw malformed(name, "there");
        }
        return value;
    }

    private StrictJson child(String name, Object value) {
        return object(file, where + ", " + MalformedFileException.quote(name), value);
    }

    private static StrictJson object(Path file, String where, Object value) {
        if (value instanceof Map<?, ?> entries) {
            return new StrictJson(file, where, entries);
        }
        throw new MalformedFileException(file, where + " must be an object");
    }
}
