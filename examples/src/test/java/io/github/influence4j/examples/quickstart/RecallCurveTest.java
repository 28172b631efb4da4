package io.github.influence4j.examples.quickstart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RecallCurveTest {

    @Test
    void countsFromTheTop() {
        RecallCurve curve = RecallCurve.of("test", List.of(7L, 3L, 9L, 1L), Set.of(3L, 1L));

        assertEquals(List.of(0, 0, 1, 1, 2), curve.found());
        assertEquals(4, curve.size());
        assertEquals(0, curve.shareAt(0));
        assertEquals(0, curve.shareAt(0.25));
        assertEquals(0.5, curve.shareAt(0.5));
        assertEquals(0.5, curve.shareAt(0.8));
        assertEquals(1, curve.shareAt(1));
    }

    @Test
    void refusesRankingsThatMissSomething() {
        assertThrows(IllegalArgumentException.class, () -> RecallCurve.of("test", List.of(7L), Set.of(3L)));
        assertThrows(IllegalArgumentException.class, () -> RecallCurve.of("test", List.of(7L), Set.of()));
    }
}
