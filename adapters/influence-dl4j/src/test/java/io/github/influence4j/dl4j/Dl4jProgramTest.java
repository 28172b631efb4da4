package io.github.influence4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of the documentation runs. */
class Dl4jProgramTest {

    @Test
    void printsTenExamples(@TempDir Path folder) throws IOException {
        File network = folder.resolve("network.zip").toFile();
        File data = folder.resolve("data.bin").toFile();
        Networks.dense(3).save(network);
        Networks.vectors(40, 1).save(data);
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            Dl4jProgram.main(new String[] {network.getPath(), data.getPath(), data.getPath()});
        } finally {
            System.setOut(console);
        }
        assertEquals(
                10,
                printed.toString(StandardCharsets.UTF_8)
                        .lines()
                        .filter(l -> l.startsWith("example "))
                        .count());
    }
}
