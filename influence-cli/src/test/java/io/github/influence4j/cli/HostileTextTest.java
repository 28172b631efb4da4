package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.cli.Influence.Ran;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import tools.jackson.databind.json.JsonMapper;

/** What stands in files is shown, and does nothing in a terminal; what cannot be shown is not lost. */
class HostileTextTest {

    @TempDir
    private Path folder;

    /** Escape, C1, bell, carriage return, line feed, NUL, delete, right to left, line separator. */
    static Stream<String> controls() {
        return Stream.of("\u001b[2J", "\u009b2J", "\u0007", "\r", "\n", "\u0000", "\u007f", "\u202e", "\u2028");
    }

    private Path captures(String layer, String model) throws IOException {
        Path file = Files.createTempFile(folder, "captures", ".safetensors");
        List<TensorSpec> specs = List.of(
                TensorSpec.of(layer + "/activations", TensorType.F32, 2, 1, 1),
                TensorSpec.of(layer + "/output_gradients", TensorType.F32, 2, 1, 1));
        Map<String, String> metadata = Map.of(
                "format",
                "influence-captures",
                "version",
                "1",
                "objective",
                "sampled",
                "model",
                model,
                "layers",
                JsonMapper.builder()
                        .build()
                        .writeValueAsString(Map.of(layer, Map.of("in", 1, "out", 1, "bias", true))));
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, metadata)) {
            for (TensorSpec spec : specs) {
                writer.append(spec.name(), new float[] {1, 2}, 0, 2);
            }
            writer.commit();
        }
        return file;
    }

    /** Defect: they reached the terminal from every command. */
    @ParameterizedTest
    @MethodSource("controls")
    void controlCharactersDoNotReachTheTerminal(String control) throws IOException {
        // plan measures the machine, which takes its time, and shows no model
        Path layers = captures("a" + control + "b", "m");
        assertShownAsText(
                List.of("plan", "--captures", layers.toString(), "--backend", "ejml", "--precision", "float64"));
        for (Path file : List.of(layers, captures("ab", "m" + control))) {
            for (List<String> command : List.of(
                    List.of("inspect", file.toString()),
                    List.of("inspect", file.toString(), "--json"),
                    List.of(
                            "fit",
                            "--captures",
                            file.toString(),
                            "--out",
                            file + "-factors",
                            "--verbose",
                            "--backend",
                            "ejml",
                            "--precision",
                            "float64"))) {
                assertShownAsText(command);
            }
        }
    }

    private static void assertShownAsText(List<String> command) {
        Ran ran = Influence.run(command);
        String shown =
                (ran.out() + ran.err()).replace(System.lineSeparator(), "").replace("\t", "");
        assertTrue(
                shown.codePoints()
                        .noneMatch(c -> Character.isISOControl(c)
                                || Character.getType(c) == Character.FORMAT
                                || Character.getType(c) == Character.LINE_SEPARATOR),
                () -> command + ": " + shown);
        assertTrue(ran.exitCode() == 0 || ran.exitCode() == 3, () -> command + ": " + shown);
    }

    /** Defect: under LC_ALL=C two layers were both "?". */
    @Test
    @EnabledOnOs(OS.LINUX)
    void whatALocaleCannotShowIsEscaped() throws IOException, InterruptedException {
        Path file = captures("\u03b1", "m");
        for (List<String> options : List.of(List.of("--json"), List.<String>of())) {
            List<String> command = new java.util.ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    System.getProperty("java.class.path"),
                    InfluenceCommand.class.getName(),
                    "inspect",
                    file.toString()));
            command.addAll(options);
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment().put("LC_ALL", "C");
            Process process = builder.start();
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertEquals(0, process.waitFor(), out);
            assertTrue(out.toLowerCase(java.util.Locale.ROOT).contains("\\u03b1"), out);
            assertFalse(out.contains("?"), out);
        }
    }

    /** Defect: what went to a full disk, as {@code > /dev/full} does, ended in code 0. */
    @Test
    void aStandardOutputThatCannotBeWrittenIsAnError() throws IOException {
        Path file = captures("a", "m");
        StringWriter err = new StringWriter();
        CommandLine command = InfluenceCommand.commandLine().setErr(new PrintWriter(err, true));
        command.setOut(new PrintWriter(new Writer() {
            @Override
            public void write(char[] text, int offset, int count) throws IOException {
                throw new IOException("No space left on device");
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        }));
        assertEquals(4, InfluenceCommand.run(command, "inspect", file.toString()));
        assertTrue(err.toString().contains("standard output cannot be written"), err::toString);
        assertEquals(1, err.toString().lines().count(), err::toString);
    }

    /** Defect: a stack trace. */
    @Test
    void wantOfMemoryIsASentence() {
        for (Error error : List.of(new OutOfMemoryError("Java heap space"), new StackOverflowError("deep"))) {
            StringWriter err = new StringWriter();
            CommandLine command = InfluenceCommand.commandLine().setErr(new PrintWriter(err, true));
            command.setExecutionStrategy(parsed -> {
                throw error;
            });
            int code = InfluenceCommand.run(command, "inspect", "anything");
            assertEquals(error instanceof OutOfMemoryError ? 6 : 1, code, err::toString);
            assertEquals(1, err.toString().lines().count(), err::toString);
            if (code == 6) {
                assertTrue(
                        err.toString().contains("--memory-limit")
                                && err.toString().contains("-Xmx"),
                        err::toString);
            }
        }
    }

    /** Defect: a tensor of no numbers and 2,147,483,000 columns took 16 GB, or came out with negative sizes. */
    @Test
    void nothingIsAllocatedThatAFileDoesNotHold() throws IOException {
        for (String shape : List.of("[0, 2147483000]", "[0, 9223372036854775807]", "[2147483000, 0]")) {
            byte[] header = ("{\"h\": {\"dtype\": \"F32\", \"shape\": " + shape + ", \"data_offsets\": [0, 0]}}")
                    .getBytes(StandardCharsets.UTF_8);
            byte[] file = new byte[8 + header.length];
            file[0] = (byte) header.length;
            System.arraycopy(header, 0, file, 8, header.length);
            Path odd = Files.createDirectories(folder.resolve("odd"));
            for (String name : List.of("gradient_eigenvectors", "activation_eigenvectors", "lambda_matrix", "other")) {
                Files.write(odd.resolve(name + ".safetensors"), file);
            }
            for (List<String> command : List.of(
                    List.of("inspect", odd.toString()),
                    List.of("inspect", odd.resolve("other.safetensors").toString()),
                    List.of(
                            "plan",
                            "--captures",
                            odd.resolve("other.safetensors").toString()))) {
                // natives are brought to their place, and classes loaded, the first time
                Influence.run(command);
                long before = ((com.sun.management.ThreadMXBean)
                                java.lang.management.ManagementFactory.getThreadMXBean())
                        .getCurrentThreadAllocatedBytes();
                Ran ran = Influence.run(command);
                long allocated =
                        ((com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean())
                                        .getCurrentThreadAllocatedBytes()
                                - before;
                assertTrue(allocated < 100_000_000, () -> command + " allocated " + allocated);
                assertFalse(ran.out().contains("-1294967296"), ran.out());
                assertTrue(ran.exitCode() == 0 || ran.exitCode() == 3, ran.err());
            }
        }
    }
}
