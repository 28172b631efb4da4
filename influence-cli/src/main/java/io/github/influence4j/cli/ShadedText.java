package io.github.influence4j.cli;

import io.github.influence4j.lm.text.TextExample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A text in pieces, each with the part of a score that its tokens have. */
final class ShadedText {

    /** Shades of each colour. */
    private static final int SHADES = 5;

    /**
     * A piece of a text.
     *
     * @param text the piece
     * @param part of the score, that of the tokens that are read there
     * @param shade from −5, harms most of this text, to 5, helps most; 0 where the part is less than a tenth of the largest
     * @param counted whether it counts in the loss
     */
    record Piece(String text, double part, int shade, boolean counted) {
        boolean looksLike(Piece other) {
            return shade == other.shade && counted == other.counted;
        }
    }

    private ShadedText() {}

    /** A text without tokens. */
    static List<Piece> plain(String text) {
        return text.isEmpty() ? List.of() : List.of(new Piece(text, 0, 0, false));
    }

    /** Divides a text, with one part a token; fewer parts leave the last tokens without. */
    static List<Piece> of(TextExample example, double[] parts) {
        double largest = largest(parts);
        List<Piece> pieces = new ArrayList<>();
        int[] starts = example.tokens().starts();
        int[] ends = example.tokens().ends();
        int done = 0;
        int k = 0;
        while (k < starts.length) {
            // several tokens of one character, and what a token leaves of it, are one piece
            int end = ends[k];
            double sum = k < parts.length ? parts[k] : 0;
            boolean counted = example.labels()[k] != TextExample.NOT_COUNTED;
            int next = k + 1;
            while (next < starts.length && starts[next] < end) {
                end = Math.max(end, ends[next]);
                sum += next < parts.length ? parts[next] : 0;
                next++;
            }
            int start = Math.max(done, starts[k]);
            add(pieces, example.text(), done, start, 0, 0, false);
            add(pieces, example.text(), start, end, sum, shade(sum, largest), counted);
            done = Math.max(done, end);
            k = next;
        }
        add(pieces, example.text(), done, example.text().length(), 0, 0, false);
        return pieces;
    }

    /** Tokens as they are, with a part each; fewer parts leave the last tokens without. */
    static List<Piece> of(List<String> tokens, double[] parts) {
        double largest = largest(parts);
        List<Piece> pieces = new ArrayList<>();
        for (int k = 0; k < tokens.size(); k++) {
            double part = k < parts.length ? parts[k] : 0;
            pieces.add(new Piece(tokens.get(k), part, shade(part, largest), false));
        }
        return pieces;
    }

    private static double largest(double[] parts) {
        return Arrays.stream(parts).map(Math::abs).max().orElse(0);
    }

    private static void add(
            List<Piece> pieces, String text, int from, int to, double part, int shade, boolean counted) {
        if (from < to) {
            pieces.add(new Piece(text.substring(from, to), part, shade, counted));
        }
    }

    private static int shade(double part, double largest) {
        return largest == 0 ? 0 : (int) Math.round(SHADES * Math.max(-1, Math.min(1, part / largest)));
    }

    /** Joins neighbours that look alike, so that a page has fewer elements. */
    static List<Piece> joined(List<Piece> pieces) {
        List<Piece> joined = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        double part = 0;
        for (int k = 0; k < pieces.size(); k++) {
            Piece piece = pieces.get(k);
            text.append(piece.text());
            part += piece.part();
            if (k + 1 == pieces.size() || !piece.looksLike(pieces.get(k + 1))) {
                joined.add(new Piece(text.toString(), part, piece.shade(), piece.counted()));
                text.setLength(0);
                part = 0;
            }
        }
        return joined;
    }
}
