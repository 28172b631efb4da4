package io.github.influence4j.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.io.File;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A JVM that lacks libraries gives the reason, and gives the same one when it is asked again. */
@DisabledIfSystemProperty(named = "influence.test.device", matches = "CUDA") // the jars have other names
class MissingNativesTest {

    @ParameterizedTest
    @CsvSource({
        "nd4j-native-1, NoAvailableBackendException",
        "nd4j-native-1.0.0-M2.1-, jnind4jcpu",
        "openblas-0.3.31-1.5.13-, jniopenblas",
        "nd4j-api, ClassNotFoundException"
    })
    void saysWhatIsMissing(String missing, String reason) throws Exception {
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !Path.of(entry).getFileName().toString().startsWith(missing))
                .collect(Collectors.joining(File.pathSeparator));
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        classPath,
                        Probe.class.getName())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertEquals(0, process.waitFor());
        assertEquals(2, lines.size(), lines::toString);
        assertTrue(lines.get(0).contains("matrix backend 'nd4j' cannot start: ND4J did not start"), lines.get(0));
        assertTrue(lines.get(0).contains(reason), lines.get(0));
        assertTrue(lines.get(0).contains("openblas, with their natives"), lines.get(0));
        assertEquals(lines.get(0), lines.get(1));
    }

    /** Asks for ND4J twice and writes the two answers. */
    static final class Probe {

        private Probe() {}

        public static void main(String[] arguments) {
            PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
            for (Precision precision : Precision.values()) {
                try (MatrixBackend backend = MatrixBackends.named("nd4j", precision)) {
                    out.println(backend.description());
                } catch (IllegalStateException e) {
                    out.println(e.getMessage());
                }
            }
        }
    }
}
