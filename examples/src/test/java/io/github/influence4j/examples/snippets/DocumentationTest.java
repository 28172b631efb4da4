package io.github.influence4j.examples.snippets;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The Java code of the pages in {@code docs} is code that is compiled, and runs. That of the README and the guide is held to more:
 * see {@link PastedSnippetsTest}.
 */
class DocumentationTest {

    private static final Path ROOT =
            Objects.requireNonNull(Path.of("").toAbsolutePath().getParent());
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    @Test
    void everyJavaBlockStandsInAFileThatIsCompiled() throws IOException {
        List<Path> pages = new ArrayList<>();
        try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
            docs.filter(page -> page.toString().endsWith(".md"))
                    .filter(page -> !page.startsWith(ROOT.resolve("docs/guide")))
                    .forEach(pages::add);
        }
        String compiled = compiledSnippets();
        for (Path page : pages) {
            BLOCK.matcher(Files.readString(page)).results().forEach(match -> {
                String block = match.group(1);
                assertTrue(
                        compiled.contains(squeeze(block)), () -> "not compiled anywhere, in " + page + ":\n" + block);
            });
        }
    }

    private static String compiledSnippets() throws IOException {
        StringBuilder sources = new StringBuilder();
        List<Path> folders = List.of(
                ROOT.resolve("examples/src/test/java/io/github/influence4j/examples/snippets"),
                ROOT.resolve("influence-store/src/test/java/io/github/influence4j/store"),
                ROOT.resolve("influence-spark/src/test/java/io/github/influence4j/spark"),
                ROOT.resolve("influence-testkit/src/test/java/io/github/influence4j/testkit"),
                ROOT.resolve("adapters/influence-adapter-support/src/test/java/io/github/influence4j/adapter"),
                ROOT.resolve("adapters/influence-dl4j/src/test/java/io/github/influence4j/dl4j"),
                ROOT.resolve("adapters/influence-djl/src/test/java/io/github/influence4j/djl"));
        for (Path folder : folders) {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                    sources.append(squeeze(Files.readString(file))).append('\n');
                }
            }
        }
        return sources.toString();
    }

    /** Indentation and line breaks do not count. */
    private static String squeeze(String code) {
        return code.replaceAll("\\s+", "");
    }
}
