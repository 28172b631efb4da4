package io.github.influence4j.store.factors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.Backends;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CaptureWriter;
import io.github.influence4j.store.runs.FitRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Eigenvectors of blocks in files: the blocks, and not the zeros around them. */
class BlocksOnDiskTest {

    private static final int EXAMPLES = 90;
    private static final int OUTPUTS = 62;
    private static final int BLOCKS = 5;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    private FactorStore fit() throws IOException {
        LayerSpec layer = LayerSpec.dense("layer", 23, OUTPUTS);
        Path captures = folder.resolve("captures.safetensors");
        new CaptureWriter(CaptureObjective.SAMPLED, Optional.empty(), Optional.empty(), TensorType.F64)
                .write(
                        captures,
                        LongStream.range(0, EXAMPLES).toArray(),
                        List.of(LayerCapture.of(layer, EXAMPLES, 1, random(23), random(OUTPUTS))));
        try (CaptureSet set = CaptureSet.open(captures)) {
            return FitRun.of(Backends.EJML, FitOptions.defaults().withBlocks(BLOCKS), set, ProgressListener.silent())
                    .run(folder.resolve("factors"), false);
        }
    }

    private static Matrix random(int columns) {
        return Matrix.of(
                new SplittableRandom(11)
                        .doubles((long) EXAMPLES * columns, -1, 1)
                        .toArray(),
                EXAMPLES,
                columns);
    }

    private static BlockDiagonal gradientVectors(Curvature curvature) {
        LayerEigenbasis basis = EigenbasisCurvature.require(curvature)
                .layerCurvatures()
                .get(0)
                .basis()
                .orElseThrow();
        return basis.gradientVectors();
    }

    /** Defect: a matrix of blocks had all its zeros in the file. */
    @Test
    void onlyTheBlocksAreInTheFile() throws IOException {
        FactorStore store = fit();
        Path file = folder.resolve("factors/gradient_eigenvectors.safetensors");
        try (Curvature loaded = store.load(Backends.EJML);
                SafetensorsFile packed = SafetensorsFile.open(file)) {
            BlockDiagonal vectors = gradientVectors(loaded);
            assertEquals(BLOCKS, vectors.blocks().size());
            // 62 coordinates are blocks of 13, 13, 12, 12 and 12
            double[][] rows = packed.matrix("layer").toArray();
            assertEquals(OUTPUTS, rows.length);
            int start = 0;
            for (Matrix block : vectors.blocks()) {
                for (double[] row : block.toArray()) {
                    assertEquals(13, rows[start].length);
                    double[] expected = java.util.Arrays.copyOf(row, 13);
                    assertArrayEquals(expected, rows[start++]);
                }
            }
        }
        assertTrue(Files.readString(folder.resolve("factors/manifest.json"))
                .replace(" ", "")
                .contains("\"version\":3"));
    }

    /** As kronfluence has them, and as versions before had them. */
    @Test
    void wholeMatricesAreReadToo() throws IOException {
        FactorStore store = fit();
        try (Curvature loaded = store.load(Backends.EJML)) {
            FactorStore whole = FactorStore.saveForKronfluence(folder.resolve("whole"), loaded);
            try (SafetensorsFile file =
                    SafetensorsFile.open(folder.resolve("whole/gradient_eigenvectors.safetensors"))) {
                assertArrayEquals(
                        gradientVectors(loaded).toArray(), file.matrix("layer").toArray());
            }
            assertTrue(Files.readString(folder.resolve("whole/manifest.json"))
                    .replace(" ", "")
                    .contains("\"version\":1"));
            try (Curvature again = whole.load(Backends.EJML)) {
                assertArrayEquals(
                        gradientVectors(loaded).toArray(),
                        gradientVectors(again).toArray());
            }
        }
    }

    @Test
    void numbersBesideABlockAreRefused() throws IOException {
        fit();
        Path file = folder.resolve("factors/gradient_eigenvectors.safetensors");
        long row = 13 * Double.BYTES;
        byte[] bytes = Files.readAllBytes(file);
        // the last row is of a block of 12, so its last number is 0 for want of a column
        bytes[bytes.length - 1] = 0x3f;
        Files.write(file, bytes);
        assertTrue(bytes.length > row * OUTPUTS);
        FactorManifest manifest = FactorStore.open(folder.resolve("factors")).manifest();
        // without the checksums, which would refuse it before
        try (JoinedFiles files = new JoinedFiles(folder.resolve("factors"))) {
            for (String name : FactorTensors.of(manifest.strategy())) {
                SafetensorsFile open =
                        SafetensorsFile.open(folder.resolve("factors").resolve(FactorTensors.file(name)));
                files.put(name, List.of(open), JoinedFiles.Join.SUM, 1);
            }
            FactorReader reader = new FactorReader(Backends.EJML, manifest, files);
            MalformedFileException refused = assertThrows(
                    MalformedFileException.class,
                    () -> reader.read(manifest.layers().get(0)).close());
            assertTrue(String.valueOf(refused.getMessage()).contains("zero outside its blocks"), refused::getMessage);
        }
    }
}
