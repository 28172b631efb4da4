package io.github.influence4j.examples.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.examples.report.SampleResults;
import org.junit.jupiter.api.Test;

class QuickstartSummaryTest {

    private static final String TEXT = QuickstartSummary.of(SampleResults.typical());

    @Test
    void holdsTheNumbers() {
        for (String part : new String[] {
            "1,400 digits, 70 with a flipped label; 96.0 % of 397 test digits",
            "EK-FAC self-influence",
            "dot product                         0.270    0.030      3.3",
            "exact                                                4321.0"
        }) {
            assertTrue(TEXT.contains(part), part + " in\n" + TEXT);
        }
    }

    @Test
    void fitsATerminal() {
        assertEquals(0, TEXT.lines().filter(line -> line.length() > 100).count());
    }
}
