package io.github.influence4j.djl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.Model;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of the documentation runs. */
class DjlProgramTest {

    @BeforeAll
    static void pyTorchIsThere() {
        PyTorch.require();
    }

    @Test
    void printsTenExamples(@TempDir Path folder) throws Exception {
        try (Model model = Model.newInstance("points", "PyTorch")) {
            model.setBlock(DjlProgram.block());
            model.getBlock().initialize(model.getNDManager(), DataType.FLOAT32, new Shape(1, 2));
            model.save(folder, "points");
        }
        List<DjlExample> examples = Models.classified(30, 1, 2, 2);
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            DjlProgram.run(folder, examples, examples.subList(0, 2));
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
