package io.github.influence4j.examples.snippets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** docs/dependencies.md says what Maven found when this build resolved each published artifact. */
class DependencyPageTest {

    private static final Path ROOT =
            Objects.requireNonNull(Path.of("").toAbsolutePath().getParent());
    private static final Pattern MODULE = Pattern.compile("<module>(.*?influence-[a-z0-9]+)</module>");
    private static final Path REPOSITORY = Path.of(System.getProperty("maven.local.repository", ""));

    /** Modules that were not part of this build have no tree to compare with; in a build of everything all have one. */
    @TestFactory
    Stream<DynamicTest> eachArtifactIsListedAsItIs() throws IOException {
        String page = Files.readString(ROOT.resolve("docs/dependencies.md"));
        return published().stream()
                .map(module -> DynamicTest.dynamicTest(module, () -> {
                    Assumptions.assumeTrue(Files.exists(tree(module)), () -> module + " was not built");
                    DependencyTree tree =
                            DependencyTree.parse(Files.readAllLines(tree(module)), DependencyPageTest::size);
                    assertTrue(
                            page.contains(tree.row()) && page.contains(tree.section()),
                            () -> "docs/dependencies.md must have this row and section:\n" + tree.row() + "\n"
                                    + tree.section());
                }));
    }

    @Test
    void theCoreDependsOnNoHost() throws IOException {
        for (String module : List.of("influence-api", "influence-ekfac")) {
            Assumptions.assumeTrue(Files.exists(tree(module)), () -> module + " was not built");
            String tree = Files.readString(tree(module));
            for (String host : List.of("deeplearning4j", "ai.djl", "onnxruntime", "influence-capture")) {
                assertTrue(!tree.contains(host), () -> module + " depends on " + host + ":\n" + tree);
            }
        }
        assertEquals(2, Files.readAllLines(tree("influence-api")).size(), "the API depends on its annotations only");
    }

    /** All artifacts but the bom, which has no tree, as paths of their modules. */
    private static List<String> published() throws IOException {
        return MODULE.matcher(Files.readString(ROOT.resolve("pom.xml")))
                .results()
                .map(match -> match.group(1))
                .filter(module -> !module.endsWith("-bom"))
                .toList();
    }

    private static Path tree(String module) {
        return ROOT.resolve(module).resolve("target/dependencies.txt");
    }

    private static long size(DependencyTree.Coordinates jar) {
        try {
            return Files.size(REPOSITORY
                    .resolve(jar.group().replace('.', '/'))
                    .resolve(jar.artifact())
                    .resolve(jar.version())
                    .resolve(jar.artifact() + "-" + jar.version() + ".jar"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
