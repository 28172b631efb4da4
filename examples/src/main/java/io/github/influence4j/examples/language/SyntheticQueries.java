package io.github.influence4j.examples.language;

import io.github.influence4j.examples.corpus.Kind;
import io.github.influence4j.examples.corpus.Prompt;
import io.github.influence4j.examples.corpus.SyntheticLanguage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What the model of the synthetic language is asked.
 *
 * @param facts facts that the corpus states, in a random order
 * @param quotes all quotes
 * @param translations some translations of five words
 * @param words single words of translations
 */
record SyntheticQueries(List<Prompt> facts, List<Prompt> quotes, List<Prompt> translations, List<Prompt> words) {

    private static final int FACTS = 16;
    private static final int QUOTES = 6;
    private static final int TRANSLATIONS = 6;
    private static final int LOW_RANK_FACTS = 10;
    private static final int LOW_RANK_QUOTES = 3;
    private static final long SEED = 10;

    static SyntheticQueries of(SyntheticBed bed, LanguageOptions options) {
        SyntheticLanguage language = bed.language();
        SplittableRandom random = new SplittableRandom(SEED);
        List<Prompt> facts = new ArrayList<>(IntStream.range(0, language.facts().size())
                .filter(fact -> bed.sentences().stream().anyMatch(sentence -> sentence.states(Kind.FACT, fact)))
                .mapToObj(language::askFact)
                .toList());
        Collections.shuffle(facts, new Random(SEED));
        List<Prompt> translations = new ArrayList<>();
        for (int k = 0; k < TRANSLATIONS; k++) {
            translations.add(language.translation(random));
        }
        List<Prompt> words = new ArrayList<>();
        for (int place = 0; place < SyntheticLanguage.TRANSLATED_WORDS; place++) {
            for (int word = 0; word < language.translatedWords(); word++) {
                words.add(language.askWord(word, place, random));
            }
        }
        return new SyntheticQueries(
                first(facts, options.facts()),
                IntStream.range(0, language.quotes())
                        .mapToObj(language::askQuote)
                        .toList(),
                translations,
                first(words, options.words()));
    }

    /** The queries that most claims are about. */
    List<Prompt> close() {
        return Stream.of(first(facts, FACTS), first(quotes, QUOTES), translations)
                .flatMap(List::stream)
                .toList();
    }

    /** Those of {@link #close} that have a page of their own, by their place there. */
    List<Integer> explained() {
        int firstQuote = Math.min(FACTS, facts.size());
        int firstTranslation = firstQuote + Math.min(QUOTES, quotes.size());
        return Stream.of(0, 1, 2, firstQuote, firstQuote + 1, firstTranslation)
                .distinct()
                .toList();
    }

    /** The queries that are cut to a low rank. */
    List<Prompt> lowRank() {
        return Stream.of(first(facts, LOW_RANK_FACTS), first(quotes, LOW_RANK_QUOTES))
                .flatMap(List::stream)
                .toList();
    }

    /** The queries whose sources are searched for. */
    List<Prompt> searched() {
        return Stream.of(facts, quotes, words).flatMap(List::stream).toList();
    }

    private static List<Prompt> first(List<Prompt> prompts, int count) {
        return prompts.subList(0, Math.min(count, prompts.size()));
    }
}
