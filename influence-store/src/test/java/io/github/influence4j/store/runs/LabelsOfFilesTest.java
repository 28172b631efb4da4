package io.github.influence4j.store.runs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.Backends;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CaptureWriter;
import io.github.influence4j.store.captures.CapturedExample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What factors say of their labels is what the captures say: the seed of the options has no say where labels were drawn before. */
class LabelsOfFilesTest {

    private static final LayerSpec LAYER = LayerSpec.dense("layer", 2, 2);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    private Path write(Optional<String> labels) throws IOException {
        Path file = Files.createTempDirectory(folder, "captures").resolve("0.safetensors");
        Matrix numbers = Matrix.of(new double[] {1, 2, 3, 4, -1, 1}, 3, 2);
        new CaptureWriter(CaptureObjective.SAMPLED, Optional.empty(), labels, TensorType.F64)
                .write(file, new long[] {0, 1, 2}, List.of(LayerCapture.of(LAYER, 3, 1, numbers, numbers)));
        return file;
    }

    private void requireLabels(String expected, Path captures) throws IOException {
        FitOptions options = FitOptions.defaults().withLabels(FisherLabels.sampled(77));
        try (CaptureSet set = CaptureSet.open(captures);
                EigenbasisCurvature inMemory = EigenbasisApproximator.<CapturedExample>of(Backends.EJML, options)
                        .fit(CaptureProvider.of(set), set)) {
            assertEquals(expected, inMemory.provenance().options().get("labels"));
            assertEquals(
                    expected,
                    FitRun.of(Backends.EJML, options, set, ProgressListener.silent())
                            .run(Files.createTempDirectory(folder, "factors"), false)
                            .manifest()
                            .provenance()
                            .options()
                            .get("labels"));
        }
    }

    /** Defect: it was the default seed, whatever the files held. */
    @Test
    void areThoseOfTheFiles() throws IOException {
        requireLabels("unknown", write(Optional.empty()));
        requireLabels("torch, seed 5", write(Optional.of("torch, seed 5")));
    }

    @Test
    void areWrittenByAnExport() throws IOException {
        Path again = folder.resolve("again");
        try (CaptureSet set = CaptureSet.open(write(Optional.of("torch, seed 5")))) {
            CaptureWriter.export(
                    CaptureProvider.of(set), set, new Objective.SampledLabels(9), TensorType.F64, 2, again);
        }
        requireLabels("torch, seed 5", again);
    }

    @Test
    void areRefusedWhereTheyAreNoName() throws IOException {
        for (String wrong : List.of(" ", "seed\n5", "\u001b[31m", "\u202e5", "5".repeat(201))) {
            assertThrows(IllegalArgumentException.class, () -> write(Optional.of(wrong)));
            assertThrows(MalformedFileException.class, () -> CaptureSet.open(labelled("sampled", wrong)));
        }
        assertThrows(MalformedFileException.class, () -> CaptureSet.open(labelled("training", "seed 5")));
        CaptureSet.open(labelled("sampled", "seed 5")).close();
    }

    private Path labelled(String objective, String labels) throws IOException {
        Path file = Files.createTempDirectory(folder, "labelled").resolve("0.safetensors");
        var specs = List.of(
                TensorSpec.of("layer/activations", TensorType.F64, 1, 1, 2),
                TensorSpec.of("layer/output_gradients", TensorType.F64, 1, 1, 2));
        Map<String, String> metadata = Map.of(
                "format", "influence-captures",
                "version", "1",
                "objective", objective,
                "labels", labels,
                "layers", "{\"layer\": {\"in\": 2, \"out\": 2, \"bias\": true}}");
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, metadata)) {
            writer.append("layer/activations", new double[] {1, 2}, 0, 2);
            writer.append("layer/output_gradients", new double[] {1, 2}, 0, 2);
            writer.commit();
        }
        return file;
    }
}
