package io.github.influence4j.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs scripts in a Python with torch and safetensors, which {@code -Dinfluence.test.python=/path/to/python} names; tests are
 * skipped where it does not.
 */
public final class Python {

    private Python() {}

    /** The value of a property that names something outside the repository; without it the test is skipped. */
    public static String required(String property) {
        String value = System.getProperty(property, "");
        assumeTrue(!value.isEmpty(), "runs only with -D" + property);
        return value;
    }

    public static void run(Path folder, Path script, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(required("influence.test.python"), script.toString()));
        command.addAll(List.of(arguments));
        Path log = folder.resolve("python.log");
        int status = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start()
                .waitFor();
        assertEquals(0, status, () -> {
            try {
                return java.nio.file.Files.readString(log);
            } catch (IOException e) {
                return e.toString();
            }
        });
    }
}
