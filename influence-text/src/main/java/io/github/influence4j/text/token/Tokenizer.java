package io.github.influence4j.text.token;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Cuts text into tokens, numbered from 0, and puts it together again. Immutable; safe for use by several threads. */
public interface Tokenizer {

    /**
     * Returns the size of the vocabulary.
     *
     * @return tokens are 0 … {@code size() - 1}
     */
    int size();

    /**
     * Cuts a text into tokens.
     *
     * @param text any text
     * @return its tokens; none for an empty text
     * @throws IllegalArgumentException if the text holds something that the vocabulary cannot express
     */
    int[] encode(String text);

    /**
     * Puts tokens together.
     *
     * @param tokens tokens of this vocabulary
     * @return the text
     * @throws IllegalArgumentException if a token is not in the vocabulary
     */
    String decode(int[] tokens);

    /**
     * Writes out one token, for display.
     *
     * @param token a token of this vocabulary
     * @return its text, with the space that it may begin with; a replacement character stands for part of a character
     * @throws IllegalArgumentException if the token is not in the vocabulary
     */
    default String text(int token) {
        return decode(new int[] {token});
    }

    /**
     * Writes out each token of a text, for display beside each other. Where tokens are parts of a character, the one that ends
     * it has the character and those before it nothing, unlike {@link #text(int)}, which cannot know what follows.
     *
     * @param tokens tokens of this vocabulary
     * @return one text for each token
     * @throws IllegalArgumentException if a token is not in the vocabulary
     */
    default List<String> texts(int[] tokens) {
        return IntStream.of(tokens).mapToObj(this::text).toList();
    }

    /**
     * Writes out tokens one by one, for messages.
     *
     * @param tokens tokens of this vocabulary
     * @return the tokens with a bar between them
     * @throws IllegalArgumentException if a token is not in the vocabulary
     */
    default String describe(int[] tokens) {
        return IntStream.of(tokens).mapToObj(this::text).collect(Collectors.joining("|"));
    }
}
