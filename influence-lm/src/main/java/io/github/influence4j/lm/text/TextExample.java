package io.github.influence4j.lm.text;

import java.util.Arrays;
import java.util.Optional;

/**
 * A text in tokens, and which of them count in the loss.
 *
 * @param text the text
 * @param tokens its t tokens
 * @param labels t labels: the token itself where it counts, else {@link #NOT_COUNTED}; not to be changed
 * @param contrast another completion of the same prompt, whose loss is subtracted in a measurement
 * @param truncated whether tokens were cut off at the end
 */
@SuppressWarnings("ArrayRecordComponent") // read in inner loops and never compared as values
public record TextExample(
        String text, TokenisedText tokens, int[] labels, Optional<TextExample> contrast, boolean truncated) {

    /** The label of a token that does not count, as in training programs. */
    public static final int NOT_COUNTED = -100;

    /**
     * Returns how many tokens are counted; the first never is, because nothing is before it.
     *
     * @return at least 0
     */
    public int counted() {
        return (int) Arrays.stream(labels).skip(1).filter(l -> l != NOT_COUNTED).count();
    }

    /** The same text with at most so many tokens. */
    TextExample cut(int most) {
        Optional<TextExample> other = contrast.map(each -> each.cut(most));
        boolean any = tokens.size() > most || other.map(TextExample::truncated).orElse(false);
        if (!any) {
            return this;
        }
        int t = Math.min(most, tokens.size());
        return new TextExample(
                text,
                new TokenisedText(
                        Arrays.copyOf(tokens.ids(), t),
                        Arrays.copyOf(tokens.starts(), t),
                        Arrays.copyOf(tokens.ends(), t)),
                Arrays.copyOf(labels, t),
                other,
                true);
    }
}
