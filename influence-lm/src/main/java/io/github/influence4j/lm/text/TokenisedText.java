package io.github.influence4j.lm.text;

/**
 * The tokens of a text, and where each stands in it.
 *
 * @param ids t tokens; not to be changed
 * @param starts for each the index in the text of its first character; equal to the end of a token that stands for no text
 * @param ends for each the index behind its last character
 */
@SuppressWarnings("ArrayRecordComponent") // read in inner loops and never compared as values
public record TokenisedText(int[] ids, int[] starts, int[] ends) {

    /**
     * Checks the lengths.
     *
     * @throws IllegalArgumentException if they differ
     */
    public TokenisedText {
        if (ids.length != starts.length || ids.length != ends.length) {
            throw new IllegalArgumentException(
                    ids.length + " tokens with " + starts.length + " starts and " + ends.length + " ends");
        }
    }

    /**
     * Returns t.
     *
     * @return the number of tokens
     */
    public int size() {
        return ids.length;
    }
}
