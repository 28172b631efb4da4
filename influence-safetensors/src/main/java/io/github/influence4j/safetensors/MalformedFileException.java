package io.github.influence4j.safetensors;

import io.github.influence4j.api.internal.PlainText;
import java.nio.file.Path;

/**
 * A file is not what it should be: damaged, of another format, changed while it was read, or a link where none may be.
 *
 * <p>The one exception that readers of untrusted files throw for what is in them; trouble of the medium is an {@link
 * java.io.IOException} or an {@link java.io.UncheckedIOException}. The message names the file, what was expected and what was
 * found.
 */
public final class MalformedFileException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    /** What may stand of a text from the file in a message. */
    private static final int QUOTED = 120;

    /** What a whole message may have. */
    private static final int WHOLE = 1000;

    /**
     * Says what is wrong with a file.
     *
     * @param file the file
     * @param problem what was expected and what was found
     */
    public MalformedFileException(Path file, String problem) {
        super(PlainText.escaped(file.toString()) + ": " + clean(problem, WHOLE));
    }

    /**
     * Says what is wrong with a file.
     *
     * @param file the file
     * @param problem what was expected and what was found
     * @param cause what a parser said
     */
    public MalformedFileException(Path file, String problem, Throwable cause) {
        super(PlainText.escaped(file.toString()) + ": " + clean(problem, WHOLE), cause);
    }

    /**
     * Makes a text from an untrusted file fit for one line of a message: shortened, and with control characters escaped.
     *
     * @param text any text
     * @return the text in double quotes
     */
    public static String quote(String text) {
        return '"' + clean(text, QUOTED) + '"';
    }

    private static String clean(String text, int most) {
        // every character is one of the escaped text at least
        String whole = text.length() > 2 * most ? text.substring(0, 2 * most) : text;
        String escaped = PlainText.escaped(whole);
        boolean cut = escaped.codePointCount(0, escaped.length()) > most;
        return cut ? escaped.substring(0, escaped.offsetByCodePoints(0, most)) + "…" : escaped;
    }
}
