package io.github.influence4j.examples.snippets;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The Java code of the README and the documentation is code that is compiled, and runs. */
class DocumentationTest {

    private static final Path ROOT =
            Objects.requireNonNull(Path.of("").toAbsolutePath().getParent());
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    @Test
    void everyJavaBlockStandsInAFileThatIsCompiled() throws IOException {
        List<Path> pages = new ArrayList<>(List.of(ROOT.resolve("README.md")));
        try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
            docs.filter(page -> page.toString().endsWith(".md")).forEach(pages::add);
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

    @Test
    void theReadmesExampleRuns() {
        List<LabelledExample> examples = List.of(
                LabelledExample.classified(new double[] {1, 0}, 0), LabelledExample.classified(new double[] {0, 1}, 1));
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT32);
                Mlp model = Mlp.create(backend, MlpShape.of(Activation.TANH, Loss.SOFTMAX_CROSS_ENTROPY, 2, 3, 2), 1)) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            ReadmeSnippets.use(model, ExampleSource.of(examples), ExampleSource.of(examples));
        } finally {
            System.setOut(console);
        }
        assertTrue(printed.toString(StandardCharsets.UTF_8).contains("look at the label of training example"));
    }
}
