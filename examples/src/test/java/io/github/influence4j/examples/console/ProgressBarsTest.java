package io.github.influence4j.examples.console;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProgressBarsTest {

    @Test
    void showsABarForEachStage() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        try (ProgressBars bars = new ProgressBars(new PrintStream(bytes, true, StandardCharsets.UTF_8))) {
            bars.progress("training", 1, 2);
            bars.progress("training", 2, 2);
            bars.progress("fitting", 0, 1);
        }

        String text = bytes.toString(StandardCharsets.UTF_8);
        assertTrue(text.contains("training 100%"), text);
        assertTrue(text.contains("fitting"), text);
    }
}
