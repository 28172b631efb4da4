package io.github.influence4j.safetensors;

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

    /**
     * Says what is wrong with a file.
     *
     * @param file the file
     * @param problem what was expected and what was found
     */
    public MalformedFileException(Path file, String problem) {
        super(file + ": " + problem);
    }

    /**
     * Says what is wrong with a file.
     *
     * @param file the file
     * @param problem what was expected and what was found
     * @param cause what a parser said
     */
    public MalformedFileException(Path file, String problem, Throwable cause) {
        super(file + ": " + problem, cause);
    }

    /**
     * Makes a text from an untrusted file fit for one line of a message: shortened, and without control characters.
     *
     * @param text any text
     * @return the text in double quotes
     */
    public static String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.codePoints()
                .limit(QUOTED)
                .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT ? '?' : c)
                .forEach(quoted::appendCodePoint);
        return quoted.append(text.codePointCount(0, text.length()) > QUOTED ? "…\"" : "\"")
                .toString();
    }
}
