package io.github.influence4j.examples.snippets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaCompiler.CompilationTask;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The Java blocks of the README and the guide compile as a user would paste them: whole, and outside our packages. */
class PastedSnippetsTest {

    private static final Path ROOT =
            Objects.requireNonNull(Path.of("").toAbsolutePath().getParent());
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final Pattern NAME = Pattern.compile("(?:class|record|interface|enum) (\\w+)");

    private static final String MODEL = "PlainLinearModel";

    @TempDir
    Path folder;

    static List<Path> pages() throws IOException {
        List<Path> pages = new ArrayList<>(List.of(Path.of("README.md")));
        Path guide = ROOT.resolve("docs/guide");
        if (Files.isDirectory(guide)) {
            try (Stream<Path> files = Files.list(guide)) {
                files.filter(page -> page.toString().endsWith(".md"))
                        .sorted()
                        .map(ROOT::relativize)
                        .forEach(pages::add);
            }
        }
        return pages;
    }

    /** The blocks of a page belong together, with the README's model; each stands in a file of its own. */
    @ParameterizedTest
    @MethodSource("pages")
    void compilesAndRuns(Path page) throws Exception {
        List<String> names = new ArrayList<>();
        List<Path> sources = new ArrayList<>();
        Matcher blocks = BLOCK.matcher(Files.readString(ROOT.resolve(page)));
        while (blocks.find()) {
            String block = blocks.group(1);
            assertFalse(block.contains("package io.github"), () -> page + ": a user has other packages:\n" + block);
            Matcher name = NAME.matcher(block);
            assertTrue(name.find(), () -> page + ": not a whole class, with its imports:\n" + block);
            names.add(name.group(1));
            sources.add(write(name.group(1), block));
        }
        if (sources.isEmpty()) {
            return;
        }
        if (!names.contains(MODEL)) {
            BLOCK.matcher(Files.readString(ROOT.resolve("README.md")))
                    .results()
                    .map(match -> match.group(1))
                    .filter(block -> block.contains("class " + MODEL))
                    .forEach(block -> sources.add(write(MODEL, block)));
        }
        compile(page, sources);
        try (URLClassLoader classes =
                new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            for (String name : names) {
                for (Method method : classes.loadClass(name).getDeclaredMethods()) {
                    if (method.getName().equals("main") && Modifier.isStatic(method.getModifiers())) {
                        assertFalse(run(method).isBlank(), () -> page + ": " + name + " printed nothing");
                    }
                }
            }
        }
    }

    private Path write(String name, String block) {
        try {
            return Files.writeString(folder.resolve(name + ".java"), block);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void compile(Path page, List<Path> sources) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        try (StandardJavaFileManager files =
                compiler.getStandardFileManager(null, Locale.ROOT, StandardCharsets.UTF_8)) {
            CompilationTask task = compiler.getTask(
                    messages,
                    files,
                    null,
                    List.of(
                            "-proc:none",
                            "--release",
                            "17",
                            "-d",
                            folder.toString(),
                            "-classpath",
                            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))),
                    null,
                    files.getJavaFileObjectsFromPaths(sources));
            assertEquals(Boolean.TRUE, task.call(), () -> page + ":\n" + messages);
        }
    }

    private static String run(Method main) throws ReflectiveOperationException {
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            main.setAccessible(true);
            main.invoke(null, (Object) new String[0]);
        } finally {
            System.setOut(console);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }
}
