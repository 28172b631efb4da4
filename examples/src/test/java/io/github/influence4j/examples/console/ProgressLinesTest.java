package io.github.influence4j.examples.console;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressLinesTest {

    @Test
    void writesALineForEachStageAndEveryFiveSeconds() {
        StringWriter text = new StringWriter();
        AtomicLong clock = new AtomicLong();
        ProgressLines lines = new ProgressLines(new PrintWriter(text), clock::get);

        lines.progress("training", 0, 10);
        clock.set(3_000_000_000L);
        lines.progress("training", 3, 10);
        clock.set(6_000_000_000L);
        lines.progress("training", 6, 10);
        clock.set(60_000_000_000L);
        lines.progress("training", 10, 10);
        lines.progress("fitting", 1, 1);

        assertEquals(
                List.of("[  0.0 s] training", "[  6.0 s] training (60 %)", "[ 60.0 s] fitting"),
                text.toString().lines().toList());
    }
}
