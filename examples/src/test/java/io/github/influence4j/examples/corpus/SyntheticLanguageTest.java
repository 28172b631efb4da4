package io.github.influence4j.examples.corpus;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SyntheticLanguageTest {

    private static final SyntheticLanguage LANGUAGE = new SyntheticLanguage(1);

    @Test
    void hasTheSizeOfTheTestBed() {
        assertEquals(312, LANGUAGE.tokenizer().size());
        assertEquals(6000, LANGUAGE.sentences().size());
        assertEquals(360, LANGUAGE.facts().size());
        assertEquals(12, LANGUAGE.unseenFacts().size());
        Map<Kind, Integer> counts = new EnumMap<>(Kind.class);
        LANGUAGE.sentences().forEach(sentence -> counts.merge(sentence.kind(), 1, Integer::sum));
        assertEquals(
                Map.of(Kind.FACT, 2725, Kind.REVERSED, 693, Kind.QUOTE, 305, Kind.TRANSLATION, 799, Kind.FILLER, 1478),
                counts);
        double mean = LANGUAGE.sentences().stream()
                .mapToInt(s -> s.tokens().length)
                .average()
                .orElseThrow();
        assertEquals(0.38, 1 - mean / SyntheticLanguage.LONGEST, 0.02, "share of padding");
        assertTrue(LANGUAGE.sentences().stream().allMatch(s -> s.tokens().length <= SyntheticLanguage.LONGEST));
    }

    @Test
    void followsFromItsSeed() {
        assertEquals(text(LANGUAGE), text(new SyntheticLanguage(1)));
        assertNotEquals(text(LANGUAGE), text(new SyntheticLanguage(2)));
    }

    private static List<String> text(SyntheticLanguage language) {
        return language.sentences().stream()
                .map(sentence -> language.tokenizer().decode(sentence.tokens()))
                .toList();
    }

    @Test
    void sentencesSayWhatTheyClaimToSay() {
        for (Sentence sentence : LANGUAGE.sentences()) {
            switch (sentence.kind()) {
                case FACT -> {
                    Fact fact = LANGUAGE.facts().get(sentence.topic());
                    assertEndsWith(LANGUAGE.forward(fact, sentence.template()), sentence.tokens());
                }
                case REVERSED ->
                    assertEndsWith(LANGUAGE.reversed(LANGUAGE.facts().get(sentence.topic())), sentence.tokens());
                case QUOTE -> assertEndsWith(LANGUAGE.askQuote(sentence.topic()).tokens(), sentence.tokens());
                case TRANSLATION -> {
                    int[] tokens = sentence.tokens();
                    assertEquals(12, tokens.length);
                    for (int w = 1; w <= 5; w++) {
                        assertEquals(LANGUAGE.translate(tokens[w]), tokens[w + 6]);
                    }
                }
                case FILLER -> assertEquals(Sentence.NO_TOPIC, sentence.topic());
            }
        }
    }

    private static void assertEndsWith(int[] end, int[] tokens) {
        assertArrayEquals(end, Arrays.copyOfRange(tokens, tokens.length - end.length, tokens.length));
    }

    @Test
    void unseenEntitiesAreNeverNamed() {
        for (Fact fact : LANGUAGE.unseenFacts()) {
            assertTrue(LANGUAGE.facts().stream()
                    .noneMatch(known ->
                            known.entityFirst() == fact.entityFirst() && known.entitySecond() == fact.entitySecond()));
        }
    }

    @Test
    void promptsReadAsTheyShould() {
        Fact fact = LANGUAGE.facts().get(7);
        String value = words(fact.firstName(), fact.lastName());
        String entity = words(fact.entityFirst(), fact.entitySecond());
        String relation = words(fact.relation());
        assertEquals(
                "the " + relation + " of " + entity + " is " + value,
                words(LANGUAGE.askFact(7).tokens()));
        assertEquals(value + " is the " + relation + " of " + entity + " .", words(LANGUAGE.reversed(fact)));
        assertEquals(value + " is the of " + entity + " .", words(LANGUAGE.reversedWithoutRelation(fact)));
        assertEquals(2, LANGUAGE.askUnseen(3).completion().length);
        assertThrows(IllegalArgumentException.class, () -> LANGUAGE.forward(fact, 4));
    }

    @Test
    void oneWordOfATranslationIsAskedFor() {
        for (int place = 0; place < SyntheticLanguage.TRANSLATED_WORDS; place++) {
            Prompt asked = LANGUAGE.askWord(7, place, new SplittableRandom(5));
            assertEquals(1, asked.completion().length);
            assertEquals(asked.topic(), asked.completion()[0]);
            assertEquals(Lexicon.CHINESE.get(7), words(asked.completion()));
            assertEquals(7 + place, asked.prompt().length, "two marks, five words and the translations so far");
            for (int k = 0; k <= place; k++) {
                assertEquals(asked.tokens()[7 + k], LANGUAGE.translate(asked.prompt()[1 + k]));
            }
            assertEquals(
                    5,
                    Arrays.stream(asked.prompt(), 1, 6).distinct().count(),
                    "every word is asked for once: " + words(asked.prompt()));
            assertTrue(new Sentence(Kind.TRANSLATION, -1, 0, asked.tokens()).holds(asked.topic()));
        }
        assertEquals(30, LANGUAGE.translatedWords());
        assertFalse(new Sentence(Kind.TRANSLATION, -1, 0, new int[1]).states(Kind.TRANSLATION, -1));
    }

    @Test
    void everyWordCanBeTranslated() {
        for (int k = 0; k < 30; k++) {
            int english = LANGUAGE.tokenizer().encode(Lexicon.ENGLISH.get(k))[0];
            assertEquals(Lexicon.CHINESE.get(k), words(LANGUAGE.translate(english)));
        }
        assertEquals("<start>", words(LANGUAGE.start()));
        assertEquals("<pad>", words(LANGUAGE.padding()));
        assertEquals(8, LANGUAGE.quotes());
    }

    private static String words(int... tokens) {
        return LANGUAGE.tokenizer().decode(tokens);
    }
}
