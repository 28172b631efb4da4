package io.github.influence4j.openblas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.linalg.SymmetricEigen;
import java.io.File;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** JVMs that lack libraries, or ask for others, say so, and say the same when they are asked again. */
class LoadingTest {

    @ParameterizedTest
    @ValueSource(strings = {"openblas-0.3.31-1.5.13-", "openblas-0.3.31-1.5.13.jar", "javacpp-1.5.13.jar"})
    void saysWhatIsMissing(String missing) throws Exception {
        List<String> lines = probe(missing, "-Dx=y");
        assertContains(
                lines.get(0),
                "matrix backend 'openblas' cannot start: OpenBLAS is missing",
                "org.bytedeco:openblas and org.bytedeco:javacpp, each with the classifier "
                        + (missing.equals("javacpp-1.5.13.jar") ? "of this platform" : Loader.getPlatform()),
                "influence-bom");
        assertEquals(lines.get(0), lines.get(1));
        assertContains(lines.get(2), "no matrix backend works in FLOAT32", "or ask for FLOAT64");
        assertContains(lines.get(3), "EJML", "taken because", "matrix backend 'openblas' cannot start");
    }

    /** Costs that OpenBLAS's idle threads spin. */
    @Test
    void worksWithoutJna() throws Exception {
        assertContains(probe("jna-", "-Dx=y").get(0), "OpenBLAS 0.3.31");
    }

    @Test
    void mklIsTakenOrMissed() throws Exception {
        List<String> lines = probe("mkl-", "-Dinfluence.openblas.library=mkl");
        assertContains(
                lines.get(0), "-Dinfluence.openblas.library=mkl, but", "add org.bytedeco:mkl:2025.3-1.5.13", "-redist");
        assertEquals(lines.get(0), lines.get(1));
    }

    @Test
    void refusesLibrariesThatItDoesNotKnow() throws Exception {
        assertContains(
                probe("mkl-", "-Dinfluence.openblas.library=abacus").get(0),
                "-Dinfluence.openblas.library: expected openblas or mkl, found 'abacus'");
    }

    private static void assertContains(String line, String... parts) {
        for (String part : parts) {
            assertTrue(line.contains(part), () -> "expected '" + part + "' in " + line);
        }
    }

    /** Defect: workspace of a decomposition counted against the Java heap's limit, which matrices do not. */
    @Test
    void decomposesMoreThanTheHeapHolds() throws Exception {
        assertEquals(List.of("400 of 400"), run("mkl-", "-Dorg.bytedeco.javacpp.maxBytes=1m", Decomposition.class));
    }

    private static List<String> probe(String missing, String option) throws Exception {
        List<String> lines = run(missing, option, Probe.class);
        assertEquals(4, lines.size(), lines::toString);
        return lines;
    }

    private static List<String> run(String missing, String option, Class<?> main) throws Exception {
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !Path.of(entry).getFileName().toString().startsWith(missing))
                .collect(Collectors.joining(File.pathSeparator));
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        option,
                        "-cp",
                        classPath,
                        main.getName())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertEquals(0, process.waitFor());
        return lines;
    }

    /** Decomposes an identity of 1.3 MB and counts its eigenvalues. */
    static final class Decomposition {

        private Decomposition() {}

        public static void main(String[] arguments) {
            int n = 400;
            double[] numbers = new double[n * n];
            for (int k = 0; k < n; k++) {
                numbers[k * n + k] = 1;
            }
            try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT64);
                    BackendMatrix identity = backend.copyOf(Matrix.of(numbers, n, n), Precision.FLOAT64);
                    SymmetricEigen eigen = backend.eigen(identity)) {
                long ones = Arrays.stream(eigen.values()).filter(v -> v == 1).count();
                new PrintStream(System.out, true, StandardCharsets.UTF_8).println(ones + " of " + n);
            }
        }
    }

    /** Asks for OpenBLAS by name in both precisions, then for any backend in both, and writes the answers. */
    static final class Probe {

        private Probe() {}

        public static void main(String[] arguments) {
            PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
            for (boolean named : new boolean[] {true, false}) {
                for (Precision precision : new Precision[] {Precision.FLOAT32, Precision.FLOAT64}) {
                    try (MatrixBackend backend =
                            named ? MatrixBackends.named("openblas", precision) : MatrixBackends.select(precision)) {
                        out.println(backend.description());
                    } catch (IllegalStateException e) {
                        out.println(e.getMessage());
                    }
                }
            }
        }
    }
}
