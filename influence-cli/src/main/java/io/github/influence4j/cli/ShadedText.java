package io.github.influence4j.cli;

import io.github.influence4j.lm.text.TextExample;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A text in pieces, each with the part of a score that its tokens have. */
final class ShadedText {

    /**
     * A piece of a text for the page.
     *
     * @param text the piece
     * @param style how it is shaded, in CSS; empty where it is not
     * @param counted whether it counts in the loss
     */
    record Piece(String text, String style, boolean counted) {}

    private ShadedText() {}

    /** Divides a text, with one part a token; fewer parts leave the last tokens without. */
    static List<Piece> of(TextExample example, double[] parts) {
        double largest = 0;
        for (double part : parts) {
            largest = Math.max(largest, Math.abs(part));
        }
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
            add(pieces, example.text(), done, start, "", false);
            add(pieces, example.text(), start, end, style(sum, largest), counted);
            done = Math.max(done, end);
            k = next;
        }
        add(pieces, example.text(), done, example.text().length(), "", false);
        return pieces;
    }

    private static void add(List<Piece> pieces, String text, int from, int to, String style, boolean counted) {
        if (from < to) {
            pieces.add(new Piece(text.substring(from, to), style, counted));
        }
    }

    /** Blue for what helps, red for what harms: colours that those who see no green tell apart. */
    private static String style(double part, double largest) {
        if (largest == 0 || part == 0) {
            return "";
        }
        String colour = part > 0 ? "37,99,235" : "220,38,38";
        return String.format(
                Locale.ROOT, "background:rgba(%s,%.2f)", colour, Math.min(1, 0.75 * Math.abs(part) / largest));
    }
}
