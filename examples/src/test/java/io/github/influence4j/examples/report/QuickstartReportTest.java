package io.github.influence4j.examples.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Precision;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.examples.quickstart.QuickstartResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuickstartReportTest {

    private static final QuickstartResult RESULT = SampleResults.typical();
    private static final String PAGE = QuickstartReport.render(RESULT);

    @Test
    void asksNoOtherHostForAnything() {
        Matcher addresses = Pattern.compile("(?:src|href|srcset|action|poster)\\s*=\\s*\"([^\"]*)\"")
                .matcher(PAGE);
        int count = 0;
        while (addresses.find()) {
            assertTrue(addresses.group(1).startsWith("data:image/png;base64,"), addresses.group());
            count++;
        }
        assertEquals(5 + 5 * 16 + 48, count);
        for (String forbidden : new String[] {"http:", "https:", "//www", "@import", "url(", "<script", "<link"}) {
            assertFalse(PAGE.contains(forbidden), forbidden);
        }
    }

    @Test
    void escapesWhatComesFromOutside() {
        Provenance hostile = Provenance.here("<script>alert(1)</script>", Precision.FLOAT32, Optional.of("\"><b>"))
                .withOption("<img src=x>", "a & b");

        String page = QuickstartReport.render(SampleResults.with(0.3, 0.3, 0.6, 0.6, hostile));

        assertFalse(page.contains("<script"));
        assertFalse(page.contains("<img src=x>"));
        assertFalse(page.contains("\"><b>"));
        assertTrue(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        assertTrue(page.contains("a &amp; b"));
    }

    @Test
    void leavesNoTemplateTagBehind() {
        assertFalse(PAGE.contains("{{"));
        assertFalse(PAGE.contains("}}"));
        assertTrue(PAGE.startsWith("<!DOCTYPE html>"));
        assertTrue(PAGE.strip().endsWith("</html>"));
    }

    @Test
    void showsBothChartsAndTheNumbers() {
        assertTrue(PAGE.contains("class=\"chart wide\""));
        assertTrue(PAGE.contains("class=\"chart narrow\""));
        for (String number : new String[] {"0.270", "−0.040", "1,026", "4,321", "3.3", "96.0 %", "12.3 s"}) {
            assertTrue(PAGE.contains(number), number);
        }
        assertEquals(5, PAGE.split("<article", -1).length - 1);
    }

    @Test
    void marksFlippedImages() {
        int flags = PAGE.split("<li class=\"flipped\">", -1).length - 1;
        long flipped =
                RESULT.suspects().stream().filter(s -> s.image().flipped()).count();
        for (var explained : RESULT.explained()) {
            flipped += explained.helpful().stream()
                    .filter(s -> s.image().flipped())
                    .count();
            flipped += explained.harmful().stream()
                    .filter(s -> s.image().flipped())
                    .count();
        }
        assertEquals(flipped, flags);
    }

    @Test
    void writesTheFile(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("index.html");

        QuickstartReport.write(RESULT, file);

        assertEquals(PAGE, Files.readString(file));
    }
}
