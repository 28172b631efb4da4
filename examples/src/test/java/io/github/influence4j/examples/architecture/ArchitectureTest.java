package io.github.influence4j.examples.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the page on stability promises of packages and public types, over all modules that were compiled in this build. */
class ArchitectureTest {

    private static final Path ROOT = Path.of("").toAbsolutePath().getParent();

    private static final Predicate<String> PUBLISHED = name ->
            !name.startsWith("io.github.influence4j.examples") && !name.startsWith("io.github.influence4j.benchmarks");

    /** Results, and options of another name, that got components before and will again. */
    private static final Set<String> GROWING = Set.of(
            "Provenance", "DataShape", "StagePlan", "LayerPlan", "MemoryUse", "SolverReport", "Row", "PowerIteration");

    /** Public types of the engine that a user may have to look at. */
    private static final int MOST_TYPES_OF_THE_ENGINE = 20;

    private static List<Path> modules() {
        try (Stream<Path> own = Files.list(ROOT);
                Stream<Path> adapters = Files.list(ROOT.resolve("adapters"))) {
            return Stream.concat(own, adapters)
                    .filter(folder -> Files.isDirectory(folder.resolve("src/main/java")))
                    .filter(folder -> Files.exists(folder.resolve("pom.xml")))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final JavaClasses CLASSES = classes();

    private static JavaClasses classes() {
        List<Path> compiled = modules().stream()
                .map(folder -> folder.resolve("target/classes"))
                .filter(Files::isDirectory)
                .toList();
        assertTrue(compiled.size() > 5, compiled::toString);
        return new ClassFileImporter().importPaths(compiled);
    }

    private static boolean isInternal(JavaClass type) {
        return type.getPackageName().contains(".internal");
    }

    /** Whether a user sees a type: it and what it lies in are public, and its package is exported to all. */
    private static boolean isSeen(JavaClass type) {
        return type.getModifiers().contains(JavaModifier.PUBLIC)
                && !isInternal(type)
                && type.getEnclosingClass().map(ArchitectureTest::isSeen).orElse(true);
    }

    @Test
    void packagesDependOnEachOtherInOneDirection() {
        slices().matching("io.github.influence4j.(**)")
                .should()
                .beFreeOfCycles()
                .check(CLASSES);
    }

    @Test
    void theEngineShowsFewTypes() {
        Set<String> shown = CLASSES.stream()
                .filter(type -> type.getPackageName().startsWith("io.github.influence4j.ekfac"))
                .filter(type -> type.getEnclosingClass().isEmpty())
                .filter(ArchitectureTest::isSeen)
                .map(JavaClass::getSimpleName)
                .filter(Predicate.not("package-info"::equals))
                .collect(Collectors.toSet());
        assertTrue(shown.size() <= MOST_TYPES_OF_THE_ENGINE, () -> shown.size() + ": " + shown);
    }

    @Test
    void whatUsersSeeSpeaksOfNothingHidden() {
        List<String> leaks = CLASSES.stream()
                .filter(ArchitectureTest::isSeen)
                .flatMap(type -> type.getCodeUnits().stream())
                .filter(unit -> unit.getModifiers().contains(JavaModifier.PUBLIC)
                        || unit.getModifiers().contains(JavaModifier.PROTECTED))
                .filter(ArchitectureTest::mentionsHidden)
                .map(JavaCodeUnit::getFullName)
                .toList();
        assertEquals(List.of(), leaks);
    }

    private static boolean mentionsHidden(JavaCodeUnit unit) {
        return Stream.concat(
                        unit.getReturnType().getAllInvolvedRawTypes().stream(),
                        unit.getParameterTypes().stream().flatMap(type -> type.getAllInvolvedRawTypes().stream()))
                .anyMatch(ArchitectureTest::isInternal);
    }

    /** Digits and points are those of our documentation, whatever the machine's language. */
    @Test
    void whatIsPrintedNamesItsLocale() {
        noClasses()
                .should()
                .callMethod(String.class, "format", String.class, Object[].class)
                .orShould()
                .callMethod(String.class, "formatted", Object[].class)
                .orShould()
                .callMethod(PrintStream.class, "printf", String.class, Object[].class)
                .orShould()
                .callMethod(PrintWriter.class, "printf", String.class, Object[].class)
                .orShould()
                .callMethod(PrintStream.class, "format", String.class, Object[].class)
                .orShould()
                .callMethod(PrintWriter.class, "format", String.class, Object[].class)
                .orShould()
                .callMethod(String.class, "toLowerCase")
                .orShould()
                .callMethod(String.class, "toUpperCase")
                .check(CLASSES);
    }

    /** A record's constructor shows every component, so that one more breaks whoever calls it. */
    @Test
    void optionsAndProvenanceCanGrow() {
        List<String> fixed = CLASSES.stream()
                .filter(ArchitectureTest::isSeen)
                .filter(JavaClass::isRecord)
                .filter(type -> PUBLISHED.test(type.getPackageName()))
                .filter(type -> type.getSimpleName().endsWith("Options") || GROWING.contains(type.getSimpleName()))
                .map(JavaClass::getFullName)
                .toList();
        assertEquals(List.of(), fixed);
    }

    @Test
    void everyModuleIsOneOrSaysWhyNot() throws IOException {
        for (Path folder : modules()) {
            boolean published = !Set.of("benchmarks", "examples")
                    .contains(folder.getFileName().toString());
            assertTrue(
                    !published
                            || Files.exists(folder.resolve("src/main/java/module-info.java"))
                            || Files.readString(folder.resolve("pom.xml")).contains("No module-info:"),
                    () -> folder + " has no module-info, and its POM does not say why");
        }
    }

    @Test
    void aFirstResultNeedsFewOfOurTypes() throws IOException {
        String readme = Files.readString(ROOT.resolve("README.md"));
        int start = readme.indexOf("```java");
        List<String> types = readme.substring(start, readme.indexOf("```", start + 3))
                .lines()
                .filter(line -> line.startsWith("import io.github.influence4j."))
                .toList();
        Set<String> packages = types.stream()
                .map(type -> type.substring(0, type.lastIndexOf('.')))
                .collect(Collectors.toSet());
        assertTrue(!types.isEmpty() && types.size() <= 6, types::toString);
        assertTrue(packages.size() <= 3, packages::toString);
    }
}
