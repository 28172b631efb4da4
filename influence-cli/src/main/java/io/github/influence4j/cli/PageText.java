package io.github.influence4j.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Texts of examples on a page: cut to what matters, and without characters that would turn the text around them. */
final class PageText {

    /**
     * A piece of a page.
     *
     * @param text what it says, to be escaped
     * @param look a class of its style; empty for none
     */
    record Span(String text, String look) {}

    private PageText() {}

    /** Pieces of a text with their looks, around the piece that matters most. */
    static List<Span> spans(List<ShadedText.Piece> pieces, int most) {
        List<Span> spans = new ArrayList<>();
        int length = pieces.stream().mapToInt(piece -> piece.text().length()).sum();
        int from = length <= most ? 0 : Math.max(0, Math.min(length - most, matters(pieces) - most / 2));
        int to = Math.min(length, from + most);
        if (from > 0) {
            spans.add(new Span(left(from), "cut"));
        }
        int start = 0;
        List<ShadedText.Piece> inside = new ArrayList<>();
        for (ShadedText.Piece piece : pieces) {
            int end = start + piece.text().length();
            if (end > from && start < to) {
                String text = piece.text();
                inside.add(new ShadedText.Piece(
                        text.substring(Math.max(0, from - start), Math.min(text.length(), to - start)),
                        piece.part(),
                        piece.shade(),
                        piece.counted()));
            }
            start = end;
        }
        ShadedText.joined(inside).forEach(piece -> spans.add(new Span(shown(piece.text()), look(piece))));
        if (to < length) {
            spans.add(new Span(left(length - to), "cut"));
        }
        return spans;
    }

    private static String left(int characters) {
        return String.format(Locale.ROOT, "[%,d characters left out]", characters);
    }

    /** Where the piece with the largest part begins; without parts the first that counts. */
    private static int matters(List<ShadedText.Piece> pieces) {
        double largest = 0;
        int found = 0;
        int start = 0;
        boolean counted = false;
        for (ShadedText.Piece piece : pieces) {
            if (Math.abs(piece.part()) > largest || largest == 0 && !counted && piece.counted()) {
                largest = Math.abs(piece.part());
                counted |= piece.counted();
                found = start;
            }
            start += piece.text().length();
        }
        return found;
    }

    private static String look(ShadedText.Piece piece) {
        if (piece.shade() == 0) {
            return piece.counted() ? "c" : "";
        }
        return (piece.shade() > 0 ? "h" : "r") + Math.abs(piece.shade()) + (piece.counted() ? " c" : "");
    }

    /** At most so many characters, no half of one. */
    static String cut(String text, int most) {
        if (text.length() <= most) {
            return text;
        }
        int end = Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most;
        return text.substring(0, end) + "\u2026";
    }

    /** Writes controls, and what turns the direction of writing, by their numbers. */
    static String shown(String text) {
        StringBuilder shown = new StringBuilder();
        text.codePoints().forEach(character -> {
            if (turns(character)
                    || Character.getType(character) == Character.SURROGATE
                    || Character.isISOControl(character)
                            && character != '\n'
                            && character != '\t'
                            && character != '\r') {
                shown.append(String.format(Locale.ROOT, "\u27e8U+%04X\u27e9", character));
            } else {
                shown.appendCodePoint(character);
            }
        });
        return shown.toString();
    }

    /** Embeddings, overrides and isolates, which change how what comes after them is read. */
    private static boolean turns(int character) {
        return character >= 0x202a && character <= 0x202e || character >= 0x2066 && character <= 0x2069;
    }
}
