package io.github.influence4j.examples.language;

import java.nio.file.Path;
import java.util.List;

/**
 * How large the language study is.
 *
 * @param claims whether the claims on the synthetic language are measured
 * @param seed seed of the model that they are measured on; its corpus is always the same
 * @param steps training steps of that model, where it is trained
 * @param sequences its training sequences, at most 6,000
 * @param facts facts that are asked for in the search for sources, at most 360
 * @param words words of translations that are asked for, at most 150: each of 30 words at each of five places
 * @param basisSeeds seeds of the models on which eigenbases are compared; empty leaves that part out
 * @param verses held-out Spanish verses; 0 leaves the real text out
 * @param verseWidths widths of the models of the real text, smallest first
 * @param epochs times that each of them sees its corpus, where it is trained
 * @param models where the models come from
 */
public record LanguageOptions(
        boolean claims,
        long seed,
        int steps,
        int sequences,
        int facts,
        int words,
        List<Long> basisSeeds,
        int verses,
        List<Integer> verseWidths,
        double epochs,
        ModelSource models) {

    /** Copies the lists. */
    public LanguageOptions {
        basisSeeds = List.copyOf(basisSeeds);
        verseWidths = List.copyOf(verseWidths);
    }

    /**
     * Returns the study as it is reported, with the checkpoints that come with it.
     *
     * @return options to be changed
     */
    public static LanguageOptions defaults() {
        return new LanguageOptions(
                true,
                1,
                1500,
                6000,
                360,
                150,
                List.of(1L, 2L, 3L),
                100,
                List.of(16, 32, 64),
                24,
                new ModelSource.Shipped(Path.of("checkpoints")));
    }

    /**
     * Returns other options with or without the claims on the synthetic language.
     *
     * @param value whether they are measured
     * @return new options
     */
    public LanguageOptions withClaims(boolean value) {
        return new LanguageOptions(
                value, seed, steps, sequences, facts, words, basisSeeds, verses, verseWidths, epochs, models);
    }

    /**
     * Returns other options with another seed of the model of the synthetic language.
     *
     * @param value the new value
     * @return new options
     */
    public LanguageOptions withSeed(long value) {
        return new LanguageOptions(
                claims, value, steps, sequences, facts, words, basisSeeds, verses, verseWidths, epochs, models);
    }

    /**
     * Returns other options with another number of training steps on the synthetic language.
     *
     * @param value the new value
     * @return new options
     */
    public LanguageOptions withSteps(int value) {
        return new LanguageOptions(
                claims, seed, value, sequences, facts, words, basisSeeds, verses, verseWidths, epochs, models);
    }

    /**
     * Returns other options with another number of sentences of the synthetic language.
     *
     * @param value the new value
     * @return new options
     */
    public LanguageOptions withSequences(int value) {
        return new LanguageOptions(
                claims, seed, steps, value, facts, words, basisSeeds, verses, verseWidths, epochs, models);
    }

    /**
     * Returns other options with another number of facts that are asked for.
     *
     * @param value the new value
     * @return new options
     */
    public LanguageOptions withFacts(int value) {
        return new LanguageOptions(
                claims, seed, steps, sequences, value, words, basisSeeds, verses, verseWidths, epochs, models);
    }

    /**
     * Returns other options with another number of words of translations that are asked for.
     *
     * @param value the new value
     * @return new options
     */
    public LanguageOptions withWords(int value) {
        return new LanguageOptions(
                claims, seed, steps, sequences, facts, value, basisSeeds, verses, verseWidths, epochs, models);
    }

    /**
     * Returns other options with other seeds of the models on which eigenbases are compared.
     *
     * @param value the new value
     * @return new options
     */
    public LanguageOptions withBasisSeeds(List<Long> value) {
        return new LanguageOptions(
                claims, seed, steps, sequences, facts, words, value, verses, verseWidths, epochs, models);
    }

    /**
     * Returns other options with another number of held-out verses.
     *
     * @param value the new value
     * @return new options
     */
    public LanguageOptions withVerses(int value) {
        return new LanguageOptions(
                claims, seed, steps, sequences, facts, words, basisSeeds, value, verseWidths, epochs, models);
    }

    /**
     * Returns other options with other widths of the models of the real text.
     *
     * @param value the new value
     * @return new options
     */
    public LanguageOptions withVerseWidths(List<Integer> value) {
        return new LanguageOptions(
                claims, seed, steps, sequences, facts, words, basisSeeds, verses, value, epochs, models);
    }

    /**
     * Returns other options with another number of times that the real text is seen.
     *
     * @param value the new value
     * @return new options
     */
    public LanguageOptions withEpochs(double value) {
        return new LanguageOptions(
                claims, seed, steps, sequences, facts, words, basisSeeds, verses, verseWidths, value, models);
    }

    /**
     * Returns other options with another source of models.
     *
     * @param value the new value
     * @return new options
     */
    public LanguageOptions withModels(ModelSource value) {
        return new LanguageOptions(
                claims, seed, steps, sequences, facts, words, basisSeeds, verses, verseWidths, epochs, value);
    }
}
