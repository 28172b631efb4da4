package io.github.influence4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The program on the page is the one that is compiled and run on a cluster here. */
class SparkPageTest {

    @Test
    void thePageHasTheProgram() throws IOException {
        String page = Files.readString(Path.of("../docs/spark.md"));
        int start = page.indexOf("```java\n") + "```java\n".length();
        String shown = page.substring(start, page.indexOf("```", start));
        String program = Files.readString(Path.of("src/test/java/io/github/influence4j/spark/FitAndScore.java"));
        assertEquals(program.substring(program.indexOf("import ")), shown);
        assertTrue(shown.lines().count() <= 40, shown);
    }
}
