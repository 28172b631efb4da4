package io.github.influence4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** A JVM without CUDA: who asks for it is told what is missing, who does not gets another backend. */
@DisabledIfSystemProperty(named = "influence.test.card", matches = ".*", disabledReason = "here CUDA is not missing")
class MissingCudaTest {

    @TempDir
    private Path empty;

    @Test
    void saysWhatIsMissing() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-D" + CudaLibraries.PATH + "=" + empty,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Probe.class.getName())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertEquals(0, process.waitFor());
        assertEquals(2, lines.size(), lines::toString);
        for (String part : List.of(
                "matrix backend 'cuda' cannot start",
                "the NVIDIA driver (libcuda.so.1) was not found",
                empty.toString(),
                CudaLibraries.PATH)) {
            assertTrue(lines.get(0).contains(part), () -> "expected '" + part + "' in " + lines.get(0));
        }
        assertEquals("openblas", lines.get(1));
    }

    /** Asks for CUDA by name and writes the answer, then for any backend and writes its name. */
    static final class Probe {

        private Probe() {}

        public static void main(String[] arguments) {
            PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
            try (MatrixBackend backend = MatrixBackends.named("cuda", Precision.FLOAT64)) {
                out.println(backend.description());
            } catch (IllegalStateException e) {
                out.println(e.getMessage());
            }
            try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT64)) {
                out.println(backend.name());
            }
        }
    }
}
