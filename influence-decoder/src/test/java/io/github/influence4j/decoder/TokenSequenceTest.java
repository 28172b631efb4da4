package io.github.influence4j.decoder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class TokenSequenceTest {

    private static final int NO = TokenSequence.NOT_COUNTED;

    @Test
    void countsWhatFollowsThePrompt() {
        TokenSequence sequence = TokenSequence.completion(new int[] {7, 8}, new int[] {9, 6, 5});
        assertArrayEquals(new int[] {7, 8, 9, 6, 5}, sequence.tokens());
        assertArrayEquals(new int[] {NO, NO, 9, 6, 5}, sequence.labels());
        assertEquals(2, sequence.prompt());
        assertEquals(3, sequence.counted());
        assertEquals(4, sequence.predictions());
    }

    @Test
    void labelsHaveAPositionForTheLastToken() {
        TokenSequence sequence = TokenSequence.labelled(new int[] {1, 2, 3, 4}, new int[] {1, NO, 8, NO});
        assertArrayEquals(new int[] {NO, NO, 8, NO}, sequence.labels(), "nothing is before the first token");
        assertEquals(4, sequence.predictions());
        assertEquals(1, sequence.counted());
        assertEquals(2, sequence.prompt());
        TokenSequence both = sequence.contrastedWith(TokenSequence.of(1, 2, 3));
        assertEquals(6, both.predictions());
        assertEquals(3, both.counted());
    }

    @Test
    void refusesWhatHasNothingToPredict() {
        refused("empty prompt", () -> TokenSequence.after(new int[] {1, 2}, 0));
        refused("nothing to predict", () -> TokenSequence.of(1));
        refused("nothing to predict", () -> TokenSequence.labelled(new int[] {1, 2}, new int[] {1, NO}));
        refused("nothing to predict", () -> TokenSequence.labelled(new int[0], new int[0]));
        refused("1 labels for 2 tokens", () -> TokenSequence.labelled(new int[] {1, 2}, new int[] {1}));
        refused("label of token 1 is -1", () -> TokenSequence.labelled(new int[] {1, 2}, new int[] {1, -1}));
        TokenSequence plain = TokenSequence.of(1, 2);
        refused("one contrast", () -> plain.contrastedWith(plain.contrastedWith(plain)));
    }

    private static void refused(String what, Runnable action) {
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, action::run);
        assertTrue(refused.toString().contains(what), refused::toString);
    }

    @Test
    void doesNotShareItsArrays() {
        int[] tokens = {1, 2, 3};
        TokenSequence sequence = TokenSequence.of(tokens);
        tokens[1] = 9;
        sequence.tokens()[2] = 9;
        sequence.labels()[2] = 9;
        assertArrayEquals(new int[] {1, 2, 3}, sequence.tokens());
        assertArrayEquals(new int[] {NO, 2, 3}, sequence.labels());
    }
}
