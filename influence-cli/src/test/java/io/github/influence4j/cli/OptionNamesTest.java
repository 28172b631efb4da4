package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Model.CommandSpec;

/** Defect: errors of the library named Java's options, which a user of the command has not. */
class OptionNamesTest {

    /** Names of Java in a text: a method of options, or one that is called. */
    private static final Pattern JAVA =
            Pattern.compile("\\b\\w+Options\\.\\w+|\\bwith[A-Z]\\w+|\\b[a-z]+[A-Z]\\w*\\(\\)");

    private static CommandSpec command(String name) {
        return Objects.requireNonNull(
                        InfluenceCommand.commandLine().getSubcommands().get(name))
                .getCommandSpec();
    }

    @Test
    void wordsOfTheLibraryBecomeOptionsOfTheCommandThatHasThem() {
        assertEquals("more blocks (--blocks)", OptionNames.in(command("fit"), "more blocks (FitOptions.withBlocks)"));
        assertEquals(
                "take smaller batches (--batch-size, --batch-positions), or set a memory limit (--memory-limit), so",
                OptionNames.in(command("score"), "take smaller batches, or set a memory limit, so"));
        assertEquals("use a larger damping (--damping)", OptionNames.in(command("self"), "use a larger damping"));
        assertEquals("use a larger damping", OptionNames.in(command("inspect"), "use a larger damping"));
    }

    /** All texts of the modules that the command stands on: what a fit, a score or an index may throw. */
    @Test
    void noErrorBelowTheCommandNamesJavaOnly() throws IOException {
        int named = 0;
        for (String module : List.of("ekfac", "store", "index", "text", "lm", "decoder", "safetensors")) {
            for (String text : texts(Path.of("../influence-" + module + "/src/main/java"))) {
                // what a host in Java gave is no affair of the command's
                if (JAVA.matcher(text).find() && text.contains(" ") && !text.contains("gave null")) {
                    named++;
                    boolean seen = Stream.of("fit", "score")
                            .map(name -> OptionNames.in(command(name), text))
                            .anyMatch(words -> !JAVA.matcher(words).find());
                    assertTrue(seen, module + ": " + text);
                }
            }
        }
        assertTrue(named >= 2, "texts with names of Java: " + named);
        assertFalse(JAVA.matcher("smaller batches").find());
    }

    /** String literals of thrown errors, joined where they are added. */
    private static List<String> texts(Path sources) throws IOException {
        try (Stream<Path> files = Files.walk(sources)) {
            List<Path> java =
                    files.filter(file -> file.toString().endsWith(".java")).toList();
            assertFalse(java.isEmpty(), sources.toString());
            return java.stream()
                    .flatMap(OptionNamesTest::thrown)
                    .flatMap(code -> Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"")
                            .matcher(code)
                            .results()
                            .map(literal -> literal.group(1)))
                    .collect(Collectors.toList());
        }
    }

    private static Stream<String> thrown(Path file) {
        try {
            String code = Files.readString(file).replaceAll("\"\\s*\\+\\s*\"", "");
            return Pattern.compile("throw new .*?;\\n", Pattern.DOTALL)
                    .matcher(code)
                    .results()
                    .map(MatchResult::group)
                    .toList()
                    .stream();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
