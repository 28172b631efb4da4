package io.github.influence4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The page {@code docs/spark.md}: its program is the one that is compiled and run on a cluster here, its numbers are the planner's. */
class SparkPageTest {

    private static String page() throws IOException {
        return Files.readString(Path.of("../docs/spark.md"));
    }

    @Test
    void thePageHasTheProgram() throws IOException {
        String page = page();
        int start = page.indexOf("```java\n") + "```java\n".length();
        String shown = page.substring(start, page.indexOf("```", start));
        String program = Files.readString(Path.of("src/test/java/io/github/influence4j/spark/FitAndScore.java"));
        assertEquals(program.substring(program.indexOf("import ")), shown);
        assertTrue(shown.lines().count() <= 40, shown);
    }

    @Test
    void theTableOnPaperIsThePlanners() throws IOException {
        List<String> small = OnPaper.SMALL.column();
        List<String> large = OnPaper.LARGE.column();
        List<String> rows = page().lines()
                .dropWhile(line -> !line.startsWith("## On 1,000 executors"))
                .dropWhile(line -> !line.startsWith("|---"))
                .skip(1)
                .takeWhile(line -> line.startsWith("|"))
                .toList();
        assertEquals(small.size(), rows.size(), () -> small + "\n" + large);
        for (int row = 0; row < rows.size(); row++) {
            String[] cells = rows.get(row).split("\\|");
            assertEquals(small.get(row), cells[2].trim(), rows.get(row));
            assertEquals(large.get(row), cells[3].trim(), rows.get(row));
        }
    }
}
