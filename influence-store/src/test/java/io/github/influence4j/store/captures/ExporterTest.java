package io.github.influence4j.store.captures;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.store.Python;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The exporter that {@code docs/captures.md} speaks of, and the script of {@code docs/huggingface.md}. */
class ExporterTest {

    private static final Path EXPORTER = Path.of("../docs/captures_export.py");

    @TempDir
    private Path folder;

    @Test
    void thePageShowsTheScriptForHuggingFace() throws IOException {
        List<String> lines = Files.readAllLines(Path.of("../docs/huggingface_export.py"));
        assertTrue(lines.size() <= 30, lines.size() + " lines");
        String page = Files.readString(Path.of("../docs/huggingface.md")).replace("\r\n", "\n");
        assertTrue(
                page.contains("```python\n" + String.join("\n", lines) + "\n```"),
                "docs/huggingface.md shows other code");
    }

    /** Every case of docs/results/exporter.md, and the script for Hugging Face. */
    @Test
    void unusualModelsAreRightOrRefused() throws IOException, InterruptedException {
        Python.run(folder, Path.of("src/test/python/exporter_test.py"));
    }

    @Test
    void capturesSumToTheGradientsOfAutograd() throws IOException, InterruptedException {
        Python.run(
                folder,
                Path.of("src/test/python/exporter_check.py"),
                EXPORTER.toAbsolutePath().toString(),
                folder.toString());
        try (CaptureSet conv = CaptureSet.open(folder.resolve("conv.safetensors"))) {
            assertEquals(
                    List.of(Positions.PATCHES, Positions.PATCHES, Positions.NONE),
                    conv.layers().stream().map(layer -> layer.positions()).toList());
            assertEquals(
                    List.of(true, false, true),
                    conv.layers().stream().map(layer -> layer.bias()).toList());
            assertArrayEquals(new long[] {0, 10, 20, 30, 40}, conv.ids());
            checkGradients(conv, new Objective.TrainingLoss(), "conv");
        }
        try (CaptureSet whole = CaptureSet.open(folder.resolve("whole.safetensors"))) {
            assertEquals(OptionalInt.of(50), whole.rank());
            checkGradients(whole, new Objective.TrainingLoss(), "whole");
        }
        try (CaptureSet shared = CaptureSet.open(folder.resolve("shared.safetensors"))) {
            assertEquals(Optional.of("step-100"), shared.model());
            assertEquals(10, shared.positions(0));
            checkGradients(shared, new Objective.Measurement(), "shared");
        }
    }

    private void checkGradients(CaptureSet set, Objective objective, String name) throws IOException {
        CaptureProvider provider = CaptureProvider.of(set);
        ExampleBatch<CapturedExample> batch = set.batches(100).iterator().next();
        try (SafetensorsFile gradients = SafetensorsFile.open(folder.resolve(name + ".gradients"))) {
            provider.capture(
                    batch,
                    objective,
                    provider.layers(),
                    capture -> assertClose(
                            gradients.matrix(capture.layer().name()),
                            Matrix.of(gradient(capture)),
                            Tolerances.REORDERED_FLOAT64,
                            name + " " + capture.layer().name()));
        }
    }

    /** Σ g āᵀ over all real positions of all examples. */
    private static double[][] gradient(LayerCapture capture) {
        double[][] a = capture.activations().toArray();
        double[][] g = capture.outputGradients().toArray();
        int inputs = capture.layer().inputs();
        double[][] sum = new double[capture.layer().outputs()][capture.layer().gradientColumns()];
        for (int r = 0; r < a.length; r++) {
            for (int o = 0; capture.mask().isReal(r) && o < sum.length; o++) {
                for (int i = 0; i < sum[o].length; i++) {
                    sum[o][i] += g[r][o] * (i < inputs ? a[r][i] : 1);
                }
            }
        }
        return sum;
    }
}
