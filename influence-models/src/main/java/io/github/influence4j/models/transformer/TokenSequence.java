package io.github.influence4j.models.transformer;

import java.util.Arrays;

/**
 * A sequence of token ids, of which the first are given and the others are to be predicted.
 *
 * <p>As a training example every token after the first counts; as a query only those after the prompt. Compared by identity
 * of the array.
 *
 * @param tokens the prompt and what follows it, at least two; not copied, not to be changed
 * @param prompt number of tokens at the start that a query takes as given, at least 1
 */
@SuppressWarnings("ArrayRecordComponent") // held by the million and read in inner loops; never compared as values
public record TokenSequence(int[] tokens, int prompt) {

    /**
     * Checks the lengths.
     *
     * @throws IllegalArgumentException if the prompt is empty or nothing follows it
     */
    public TokenSequence {
        if (prompt < 1) {
            throw new IllegalArgumentException(
                    "an empty prompt: a sequence needs at least one given token, such as a start token, found "
                            + prompt);
        }
        if (tokens.length <= prompt) {
            throw new IllegalArgumentException("nothing to predict: " + tokens.length + " tokens, of which " + prompt
                    + (prompt == 1 ? " is" : " are") + " given");
        }
    }

    /**
     * Makes a sequence of which only the first token is given.
     *
     * @param tokens at least two tokens; not copied
     * @return the sequence
     * @throws IllegalArgumentException if there are fewer than two tokens
     */
    public static TokenSequence of(int... tokens) {
        return new TokenSequence(tokens, 1);
    }

    /**
     * Makes a query: a completion given a prompt.
     *
     * @param prompt what is given, with the start token if the training sequences have one
     * @param completion what is asked about
     * @return the sequence of both
     * @throws IllegalArgumentException if either is empty
     */
    public static TokenSequence completion(int[] prompt, int[] completion) {
        int[] tokens = Arrays.copyOf(prompt, prompt.length + completion.length);
        System.arraycopy(completion, 0, tokens, prompt.length, completion.length);
        return new TokenSequence(tokens, prompt.length);
    }

    /**
     * Returns the number of predictions, one fewer than the tokens.
     *
     * @return t, at least 1
     */
    public int predictions() {
        return tokens.length - 1;
    }
}
