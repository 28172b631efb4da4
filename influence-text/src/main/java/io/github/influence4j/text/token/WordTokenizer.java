package io.github.influence4j.text.token;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * One token a word, for corpora whose words are known: text is cut at white space (of Unicode, the no-break spaces included, and
 * of Java) and joined with single spaces.
 */
public final class WordTokenizer implements Tokenizer {

    /** The one definition of white space: what cuts a text is what no word may have. */
    private static final Pattern WHITE_SPACE = Pattern.compile("[\\s\\x1c-\\x1f]+", Pattern.UNICODE_CHARACTER_CLASS);

    private final List<String> words;
    private final Map<String, Integer> tokens;
    private final OptionalInt unknown;

    private WordTokenizer(List<String> words, OptionalInt unknown) {
        this.words = List.copyOf(words);
        this.tokens = new HashMap<>();
        for (String word : this.words) {
            if (word.isEmpty() || WHITE_SPACE.matcher(word).find()) {
                throw new IllegalArgumentException(
                        "a word is not empty and has no white space, found \"" + word + "\"");
            }
            if (tokens.putIfAbsent(word, tokens.size()) != null) {
                throw new IllegalArgumentException("word " + word + " occurs twice in the vocabulary");
            }
        }
        if (words.isEmpty()) {
            throw new IllegalArgumentException("a vocabulary needs at least one word");
        }
        this.unknown = unknown;
    }

    /**
     * Makes a tokeniser that refuses other words.
     *
     * @param words the vocabulary; a word's index is its token
     * @return the tokeniser
     * @throws IllegalArgumentException if there is no word, one occurs twice, is empty or contains white space
     */
    public static WordTokenizer of(List<String> words) {
        return new WordTokenizer(words, OptionalInt.empty());
    }

    /**
     * Makes a tokeniser from the words of a corpus. Other words become the token 0, written as {@code unknown}.
     *
     * @param texts the corpus
     * @param size most tokens, the unknown one included; the most frequent words are kept, ties in alphabetical order
     * @param unknown how an unknown word is written, for instance {@code <unknown>}
     * @return the tokeniser
     * @throws IllegalArgumentException if the size is below 2 or the corpus has no word
     */
    public static WordTokenizer ofCorpus(List<String> texts, int size, String unknown) {
        if (size < 2) {
            throw new IllegalArgumentException("a vocabulary with an unknown word needs a size of 2, found " + size);
        }
        Map<String, Long> counts = texts.stream()
                .flatMap(WordTokenizer::split)
                .filter(word -> !word.equals(unknown))
                .collect(Collectors.groupingBy(word -> word, Collectors.counting()));
        if (counts.isEmpty()) {
            throw new IllegalArgumentException("the corpus has no words");
        }
        List<String> words = new ArrayList<>();
        words.add(unknown);
        counts.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed().thenComparing(Map.Entry.comparingByKey()))
                .limit(size - 1L)
                .forEach(entry -> words.add(entry.getKey()));
        return new WordTokenizer(words, OptionalInt.of(0));
    }

    @Override
    public int size() {
        return words.size();
    }

    @Override
    public int[] encode(String text) {
        return split(text).mapToInt(this::token).toArray();
    }

    private int token(String word) {
        Integer token = tokens.get(word);
        if (token != null) {
            return token;
        }
        return unknown.orElseThrow(() -> new IllegalArgumentException(
                "word " + word + " is not among the " + words.size() + " words of the vocabulary"));
    }

    private static Stream<String> split(String text) {
        return WHITE_SPACE.splitAsStream(text).filter(word -> !word.isEmpty());
    }

    @Override
    public String decode(int[] sequence) {
        return IntStream.of(sequence).mapToObj(this::word).collect(Collectors.joining(" "));
    }

    private String word(int token) {
        if (token < 0 || token >= words.size()) {
            throw new IllegalArgumentException("token " + token + " is not in a vocabulary of " + words.size());
        }
        return words.get(token);
    }
}
