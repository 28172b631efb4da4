package io.github.influence4j.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A script of this jar's resources that prints its results as JSON, on its last line.
 *
 * @param python the interpreter
 * @param folder where the script lies and what it reads and writes
 * @param name its file
 */
record PythonScript(Path python, Path folder, String name) {

    private static final JsonMapper JSON = new JsonMapper();

    /** Copies a script into a folder. */
    static PythonScript in(Path folder, String name, Path python) throws IOException {
        try (InputStream script = PythonScript.class.getResourceAsStream(name)) {
            if (script == null) {
                throw new IllegalStateException(name + " is missing from the jar");
            }
            Files.copy(script, folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        }
        return new PythonScript(python, folder, name);
    }

    /** What a script wrote as raw little-endian float32. */
    static double[] numbers(Path file) throws IOException {
        FloatBuffer floats = ByteBuffer.wrap(Files.readAllBytes(file))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer();
        double[] numbers = new double[floats.remaining()];
        Arrays.setAll(numbers, floats::get);
        return numbers;
    }

    /** Runs it with the folder and some numbers as arguments. */
    JsonNode run(int... arguments) throws IOException, InterruptedException {
        Path log = folder.resolve(name + ".log");
        List<String> command =
                new ArrayList<>(List.of(python.toString(), folder.resolve(name).toString(), folder.toString()));
        for (int argument : arguments) {
            command.add(Integer.toString(argument));
        }
        Process process =
                new ProcessBuilder(command).redirectError(log.toFile()).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException(name + " failed, see " + log);
        }
        return JSON.readTree(output.strip().lines().reduce((a, b) -> b).orElseThrow());
    }
}
