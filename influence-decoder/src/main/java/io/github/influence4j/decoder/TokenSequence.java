package io.github.influence4j.decoder;

import java.util.Arrays;
import java.util.Optional;

/**
 * A sequence of tokens, and which of them count in its loss.
 *
 * <p>Position p of the sequence predicts token p + 1. The loss is Σ −log p(label | tokens before it) over the positions that
 * have a label; the others (a prompt, what a user said) are read but not counted. A sequence may carry a contrast, another
 * sequence whose loss is subtracted: for a query "why this completion rather than that one", with the measurement −log
 * p(this | prompt) + log p(that | prompt). The positions of the contrast come after its own.
 *
 * <p>The last token predicts nothing. A {@link #labelled} sequence has a position for it all the same, because programs that
 * train with labels run the model on it, and its activations count in the covariances; the others have not.
 */
public final class TokenSequence {

    /** The label of a token that is not counted. */
    public static final int NOT_COUNTED = -100;

    private final int[] tokens;
    private final int[] labels;
    private final boolean lastPosition;
    private final Optional<TokenSequence> contrast;

    private TokenSequence(int[] tokens, int[] labels, boolean lastPosition, Optional<TokenSequence> contrast) {
        this.tokens = tokens;
        this.labels = labels;
        this.lastPosition = lastPosition;
        this.contrast = contrast;
    }

    /**
     * Makes a sequence of which only the first token is given.
     *
     * @param tokens at least two tokens
     * @return the sequence
     * @throws IllegalArgumentException if there are fewer than two tokens
     */
    public static TokenSequence of(int... tokens) {
        return after(tokens, 1);
    }

    /**
     * Makes a sequence that begins with what is given.
     *
     * @param tokens the prompt and what follows
     * @param prompt number of given tokens, which are not counted
     * @return the sequence
     * @throws IllegalArgumentException if the prompt is empty or nothing follows it
     */
    public static TokenSequence after(int[] tokens, int prompt) {
        if (prompt < 1) {
            throw new IllegalArgumentException(
                    "an empty prompt: a sequence needs at least one given token, such as a start token, found "
                            + prompt);
        }
        if (tokens.length <= prompt) {
            throw new IllegalArgumentException("nothing to predict: " + tokens.length + " tokens, of which " + prompt
                    + (prompt == 1 ? " is" : " are") + " given");
        }
        int[] labels = tokens.clone();
        Arrays.fill(labels, 0, prompt, NOT_COUNTED);
        return new TokenSequence(tokens.clone(), labels, false, Optional.empty());
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
        return after(tokens, prompt.length);
    }

    /**
     * Makes a sequence with a label for each token, as training programs hold them.
     *
     * @param tokens at least two tokens
     * @param labels for each token itself, or what should have been there, or {@link #NOT_COUNTED}; the first is not looked at
     * @return the sequence
     * @throws IllegalArgumentException if there are fewer than two tokens, not as many labels, a label below 0 that is not
     *     {@link #NOT_COUNTED}, or nothing is counted
     */
    public static TokenSequence labelled(int[] tokens, int[] labels) {
        if (labels.length != tokens.length) {
            throw new IllegalArgumentException(labels.length + " labels for " + tokens.length + " tokens");
        }
        boolean counted = false;
        for (int p = 1; p < labels.length; p++) {
            if (labels[p] < 0 && labels[p] != NOT_COUNTED) {
                throw new IllegalArgumentException("the label of token " + p + " is " + labels[p]
                        + ", expected a token or " + NOT_COUNTED + " for one that is not counted");
            }
            counted |= labels[p] != NOT_COUNTED;
        }
        if (!counted) {
            throw new IllegalArgumentException("nothing to predict: no label among " + tokens.length
                    + " tokens is counted (the first token has nothing before it)");
        }
        int[] copy = labels.clone(); // of two at least: one after the first is counted
        copy[0] = NOT_COUNTED;
        return new TokenSequence(tokens.clone(), copy, true, Optional.empty());
    }

    /**
     * Returns a query for the difference of two losses, of this sequence less of another.
     *
     * @param other usually the same prompt with another completion
     * @return a new sequence of the positions of both
     * @throws IllegalArgumentException if either has a contrast already
     */
    public TokenSequence contrastedWith(TokenSequence other) {
        if (contrast.isPresent() || other.contrast.isPresent()) {
            throw new IllegalArgumentException("a sequence has one contrast at most");
        }
        return new TokenSequence(tokens, labels, lastPosition, Optional.of(other));
    }

    /**
     * Returns the tokens, without those of the contrast.
     *
     * @return a copy
     */
    public int[] tokens() {
        return tokens.clone();
    }

    /**
     * Returns the label of each token.
     *
     * @return a copy; {@link #NOT_COUNTED} where a token is not counted
     */
    public int[] labels() {
        return labels.clone();
    }

    /**
     * Returns the sequence whose loss is subtracted.
     *
     * @return the contrast, if there is one
     */
    public Optional<TokenSequence> contrast() {
        return contrast;
    }

    /**
     * Returns the number of tokens before the first that is counted.
     *
     * @return at least 1
     */
    public int prompt() {
        int p = 1;
        while (labels[p] == NOT_COUNTED) {
            p++;
        }
        return p;
    }

    /**
     * Returns the number of positions: one fewer than the tokens, or one for each token of a {@link #labelled} sequence; those
     * of a contrast come on top.
     *
     * @return t, at least 1
     */
    public int predictions() {
        return Math.addExact(
                ownPositions(), contrast.map(TokenSequence::predictions).orElse(0));
    }

    /**
     * Returns the number of positions that count in the loss, those of a contrast included.
     *
     * @return at least 1
     */
    public int counted() {
        int count = contrast.map(TokenSequence::counted).orElse(0);
        for (int label : labels) {
            count += label == NOT_COUNTED ? 0 : 1;
        }
        return count;
    }

    /** Without those of the contrast. */
    int ownPositions() {
        return lastPosition ? tokens.length : tokens.length - 1;
    }

    /** Without a copy. */
    int[] rawTokens() {
        return tokens;
    }

    /** Without a copy. */
    int[] rawLabels() {
        return labels;
    }
}
