package io.github.influence4j.examples.language;

import io.github.influence4j.examples.corpus.SyntheticLanguage;
import java.util.List;
import java.util.Optional;

/**
 * How large the language study is.
 *
 * @param seed seed of corpus and models
 * @param steps training steps of the model of the synthetic language
 * @param sequences training sequences of that model, at most 6,000
 * @param facts facts that are asked for in the search for sources, at most 360
 * @param words words of translations that are asked for
 * @param verses held-out Spanish verses; 0 leaves the real text out
 * @param verseWidths widths of the models of the real text
 * @param epochs times that each of them sees its corpus
 * @param backend name of the backend; empty for the best that works
 */
public record LanguageOptions(
        long seed,
        int steps,
        int sequences,
        int facts,
        int words,
        int verses,
        List<Integer> verseWidths,
        double epochs,
        Optional<String> backend) {

    /** Copies the list. */
    public LanguageOptions {
        verseWidths = List.copyOf(verseWidths);
    }

    /**
     * Returns the study as it is reported.
     *
     * @return options to be changed
     */
    public static LanguageOptions defaults() {
        return new LanguageOptions(
                SyntheticLanguage.DEFAULT_SEED, 1500, 6000, 360, 120, 100, List.of(32, 64, 128), 6, Optional.empty());
    }

    /**
     * Returns other options with another seed.
     *
     * @param value the new value
     * @return new options
     */
    public LanguageOptions withSeed(long value) {
        return new LanguageOptions(value, steps, sequences, facts, words, verses, verseWidths, epochs, backend);
    }

    /**
     * Returns other options with another number of training steps on the synthetic language.
     *
     * @param value the new value
     * @return new options
     */
    public LanguageOptions withSteps(int value) {
        return new LanguageOptions(seed, value, sequences, facts, words, verses, verseWidths, epochs, backend);
    }

    /**
     * Returns other options with another number of sentences of the synthetic language.
     *
     * @param value the new value
     * @return new options
     */
    public LanguageOptions withSequences(int value) {
        return new LanguageOptions(seed, steps, value, facts, words, verses, verseWidths, epochs, backend);
    }

    /**
     * Returns other options with another number of facts that are asked for.
     *
     * @param value the new value
     * @return new options
     */
    public LanguageOptions withFacts(int value) {
        return new LanguageOptions(seed, steps, sequences, value, words, verses, verseWidths, epochs, backend);
    }

    /**
     * Returns other options with another number of words of translations that are asked for.
     *
     * @param value the new value
     * @return new options
     */
    public LanguageOptions withWords(int value) {
        return new LanguageOptions(seed, steps, sequences, facts, value, verses, verseWidths, epochs, backend);
    }

    /**
     * Returns other options with another number of held-out verses.
     *
     * @param value the new value
     * @return new options
     */
    public LanguageOptions withVerses(int value) {
        return new LanguageOptions(seed, steps, sequences, facts, words, value, verseWidths, epochs, backend);
    }

    /**
     * Returns other options with other widths of the models of the real text.
     *
     * @param value the new value
     * @return new options
     */
    public LanguageOptions withVerseWidths(List<Integer> value) {
        return new LanguageOptions(seed, steps, sequences, facts, words, verses, value, epochs, backend);
    }

    /**
     * Returns other options with another number of times that the real text is seen.
     *
     * @param value the new value
     * @return new options
     */
    public LanguageOptions withEpochs(double value) {
        return new LanguageOptions(seed, steps, sequences, facts, words, verses, verseWidths, value, backend);
    }

    /**
     * Returns other options with a backend by name.
     *
     * @param value the new value
     * @return new options
     */
    public LanguageOptions withBackend(String value) {
        return new LanguageOptions(
                seed, steps, sequences, facts, words, verses, verseWidths, epochs, Optional.of(value));
    }
}
