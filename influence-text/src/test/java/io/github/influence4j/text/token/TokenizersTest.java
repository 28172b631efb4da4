package io.github.influence4j.text.token;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class TokenizersTest {

    private static final String ENGLISH = "In the beginning God created the heaven and the earth.";
    private static final String SPANISH = "EN el principio crió Dios los cielos y la tierra.";
    private static final SubwordTokenizer SUBWORDS = SubwordTokenizer.ofCorpus(List.of(ENGLISH, SPANISH), 270);

    @Test
    void wordsAreTheirIndices() {
        WordTokenizer words = WordTokenizer.of(List.of("b", "a"));
        assertArrayEquals(new int[] {1, 0, 0}, words.encode("  a b\tb "));
        assertEquals("a b b", words.decode(new int[] {1, 0, 0}));
        assertEquals("a|b", words.describe(new int[] {1, 0}));
        assertEquals(0, words.encode(" ").length);
    }

    /** Unicode's white space, and what Java calls white space beside it. */
    @Property
    void everyWhiteSpaceCutsWords(@ForAll("whiteSpace") String space) {
        WordTokenizer words = WordTokenizer.ofCorpus(List.of("a" + space + "b" + space + "b", space), 3, "<unknown>");
        assertEquals("<unknown> b a", words.decode(new int[] {0, 1, 2}));
        assertArrayEquals(new int[] {2, 1}, words.encode(space + "a" + space + "b" + space));
        assertThrows(IllegalArgumentException.class, () -> WordTokenizer.of(List.of("a" + space + "b")));
    }

    @Provide
    Arbitrary<String> whiteSpace() {
        List<String> all = IntStream.rangeClosed(0, Character.MAX_CODE_POINT)
                .filter(c -> Character.isWhitespace(c) || Character.isSpaceChar(c))
                .mapToObj(Character::toString)
                .toList();
        return Arbitraries.of(all).list().ofMinSize(1).ofMaxSize(3).map(spaces -> String.join("", spaces));
    }

    @Test
    void otherWordsAreNamed() {
        WordTokenizer words = WordTokenizer.of(List.of("a"));
        assertTrue(refusal(() -> words.encode("a moose")).contains("moose"));
        assertThrows(IllegalArgumentException.class, () -> words.decode(new int[] {1}));
        assertThrows(IllegalArgumentException.class, () -> words.decode(new int[] {-1}));
    }

    @Test
    void vocabulariesAreChecked() {
        assertThrows(IllegalArgumentException.class, () -> WordTokenizer.of(List.of()));
        assertThrows(IllegalArgumentException.class, () -> WordTokenizer.of(List.of("a", "a")));
        assertThrows(IllegalArgumentException.class, () -> WordTokenizer.of(List.of("a b")));
        assertThrows(IllegalArgumentException.class, () -> WordTokenizer.ofCorpus(List.of("a"), 1, "<unknown>"));
        assertThrows(IllegalArgumentException.class, () -> WordTokenizer.ofCorpus(List.of(" "), 3, "<unknown>"));
        assertThrows(IllegalArgumentException.class, () -> SubwordTokenizer.ofCorpus(List.of("a"), 255));
    }

    @Test
    void frequentWordsOfACorpusAreKept() {
        WordTokenizer words = WordTokenizer.ofCorpus(List.of("z z b", "b a <unknown>"), 3, "<unknown>");
        assertEquals(3, words.size());
        assertEquals("<unknown> b z", words.decode(new int[] {0, 1, 2}), "ties in alphabetical order");
        assertArrayEquals(new int[] {2, 0, 1}, words.encode("z a b"));
    }

    @Test
    void frequentTokensAreOnePiece() {
        assertEquals(270, SUBWORDS.size());
        int[] tokens = SUBWORDS.encode(" the");
        assertEquals(1, tokens.length);
        assertEquals(" the", SUBWORDS.text(tokens[0]));
        assertTrue(tokens[0] >= SubwordTokenizer.BYTES);
    }

    @Test
    void tokensThatWereNotKeptAreBytes() {
        assertArrayEquals(
                IntStream.of('m', 'o', 'o', 's', 'e').toArray(), SUBWORDS.encode("moose"), "one token of GPT-2");
        assertThrows(IllegalArgumentException.class, () -> SUBWORDS.decode(new int[] {270}));
        assertThrows(IllegalArgumentException.class, () -> SUBWORDS.decode(new int[] {-1}));
    }

    @Test
    void smallCorporaGiveSmallVocabularies() {
        assertEquals(257, SubwordTokenizer.ofCorpus(List.of("the"), 4000).size());
        assertEquals(256, SubwordTokenizer.ofCorpus(List.of(), 4000).size());
        assertEquals(256, SubwordTokenizer.ofCorpus(List.of("the"), 256).size());
    }

    @Property(tries = 200)
    void subwordsGiveEveryTextBack(@ForAll @CharRange(from = ' ', to = '\u04ff') String text) {
        assertEquals(text, SUBWORDS.decode(SUBWORDS.encode(text)));
    }

    @Test
    void partsOfACharacterAreWrittenWhereItEnds() {
        int[] tokens = SUBWORDS.encode("ñ€ x");
        assertEquals(List.of("", "ñ", "", "", "€"), SUBWORDS.texts(tokens).subList(0, 5));
        assertEquals(List.of("", "\ufffd"), SUBWORDS.texts(new int[] {tokens[2], tokens[3]}), "never completed");
        assertEquals(List.of(), SUBWORDS.texts(new int[0]));
        assertThrows(IllegalArgumentException.class, () -> SUBWORDS.texts(new int[] {270}));
    }

    @Property(tries = 200)
    void textsOfTokensAreTheText(@ForAll @Size(max = 20) List<@IntRange(max = 269) Integer> tokens) {
        int[] all = tokens.stream().mapToInt(Integer::intValue).toArray();
        assertEquals(SUBWORDS.decode(all), String.join("", SUBWORDS.texts(all)));
        assertEquals(all.length, SUBWORDS.texts(all).size());
    }

    private static String refusal(Executable call) {
        return String.valueOf(assertThrows(IllegalArgumentException.class, call).getMessage());
    }
}
