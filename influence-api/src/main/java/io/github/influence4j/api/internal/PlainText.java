package io.github.influence4j.api.internal;

import java.util.Locale;
import java.util.function.IntPredicate;

/** Text that does nothing in a terminal, a log or a table but stand there: no control, format or line-breaking character. */
public final class PlainText {

    private PlainText() {}

    /**
     * Says whether a text is plain.
     *
     * @param text any text
     * @return false for control characters (C0, C1, DEL), format characters such as those that turn the direction of writing, line
     *     and paragraph separators, and halves of surrogate pairs
     */
    public static boolean isPlain(String text) {
        return text.codePoints().allMatch(PlainText::isPlain);
    }

    private static boolean isPlain(int character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }

    /**
     * Writes what is not plain as Java and JSON do.
     *
     * @param text any text
     * @return the text with {@code \\u001b} in place of the escape character, and so on
     */
    public static String escaped(String text) {
        return escaped(text, character -> true);
    }

    /**
     * Writes what is not plain, or cannot be shown, as Java and JSON do.
     *
     * @param text any text
     * @param shown says of a plain character whether it can be shown
     * @return the text, escaped
     */
    public static String escaped(String text, IntPredicate shown) {
        StringBuilder escaped = new StringBuilder();
        text.codePoints().forEach(character -> {
            if (isPlain(character) && shown.test(character)) {
                escaped.appendCodePoint(character);
            } else {
                for (char unit : Character.toChars(character)) {
                    escaped.append(String.format(Locale.ROOT, "\\u%04x", (int) unit));
                }
            }
        });
        return escaped.toString();
    }
}
