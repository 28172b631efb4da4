package io.github.influence4j.examples.language;

import io.github.influence4j.examples.corpus.SyntheticLanguage;
import java.util.List;
import java.util.Optional;

/**
 * How large the language study is.
 *
 * @param seed seed of corpus and models
 * @param train whether the model of the synthetic language is trained now instead of read from the checkpoint
 * @param steps training steps of that model
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
        boolean train,
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
                SyntheticLanguage.DEFAULT_SEED,
                false,
                1500,
                6000,
                360,
                120,
                100,
                List.of(32, 64, 128),
                6,
                Optional.empty());
    }
}
