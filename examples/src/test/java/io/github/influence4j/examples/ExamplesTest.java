package io.github.influence4j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ExamplesTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int execute(String... args) {
        CommandLine commandLine = Examples.commandLine();
        commandLine.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
        return commandLine.execute(args);
    }

    @Test
    void describesItself() {
        assertEquals(0, execute("--help"));
        assertTrue(out.toString().contains("quickstart"), out.toString());
        assertTrue(out.toString().contains("Exit codes:"), out.toString());
    }

    @Test
    void tellsItsVersion() {
        assertEquals(0, execute("--version"));
        assertTrue(out.toString().matches("influence4j \\d+\\.\\d+\\.\\d+.*, Java .*\\R"), out.toString());
    }

    @Test
    void describesTheQuickstart() {
        assertEquals(0, execute("quickstart", "--help"));
        for (String option :
                new String[] {"--out=DIR", "--seed", "--backend=NAME", "--precision", "FLOAT32, FLOAT64"}) {
            assertTrue(out.toString().contains(option), option + " in " + out);
        }
    }

    @Test
    void asksForAStudy() {
        assertEquals(2, execute());
        assertTrue(err.toString().contains("Missing required subcommand"), err.toString());
        assertEquals(2, execute("nonsense"));
        assertEquals(2, execute("quickstart", "--seed", "x"));
        assertEquals(2, execute("quickstart", "--precision", "float16"));
    }

    @Test
    void saysInASentenceWhatTheUserCanMend(@TempDir Path folder) {
        assertEquals(1, execute("quickstart", "--out", folder.toString(), "--backend", "abacus"));
        assertTrue(
                err.toString().startsWith("examples quickstart: there is no matrix backend 'abacus'"), err.toString());
        assertFalse(err.toString().contains("\tat "), err.toString());
    }

    @Test
    void keepsTheTraceOfWhatShouldNotHappen(@TempDir Path folder) throws Exception {
        Path file = java.nio.file.Files.createFile(folder.resolve("file"));

        assertEquals(1, execute("quickstart", "--out", file.toString()));
        assertTrue(err.toString().contains("\tat "), err.toString());
    }
}
