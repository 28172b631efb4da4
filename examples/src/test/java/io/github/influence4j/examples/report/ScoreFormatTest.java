package io.github.influence4j.examples.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScoreFormatTest {

    @Test
    void givesTheLargestScoreThreeDigits() {
        ScoreFormat format = ScoreFormat.of(List.of(0.0421, -0.00012));

        assertEquals("+0.0421", format.signed(0.0421));
        assertEquals("−0.0001", format.signed(-0.00012));
        assertEquals("0.0421", format.plain(0.0421));
        assertEquals("100.0", format.bar(0.0421));
        assertEquals("0.3", format.bar(-0.00012));
        assertEquals("+1235", ScoreFormat.of(List.of(1234.5)).signed(1234.6));
    }

    @Test
    void copesWithNothingButZero() {
        assertEquals("+0", ScoreFormat.of(List.of(0.0)).signed(0));
        assertEquals("0.0", ScoreFormat.of(List.of()).bar(0));
    }

    @ParameterizedTest
    @CsvSource({"0, 0 %", "0.001, under 1 %", "0.5, 50 %", "0.999, over 99 %", "1, 100 %"})
    void doesNotRoundToNothingOrAll(double share, String text) {
        assertEquals(text, ScoreFormat.percent(share));
    }

    @Test
    void ignoresTheLocale() {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.GERMANY);
            assertEquals("0.50", ScoreFormat.fixed(0.5, 2));
            assertEquals("1,234", ScoreFormat.grouped(1234));
        } finally {
            Locale.setDefault(before);
        }
    }
}
