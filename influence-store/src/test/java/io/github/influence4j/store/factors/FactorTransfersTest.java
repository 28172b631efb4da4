package io.github.influence4j.store.factors;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.ekfac.plan.CountingBackend;
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
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Factors go to a card, and come from it, in as many transfers for a wide layer as for a narrow one. */
class FactorTransfersTest {

    private static final int EXAMPLES = 80;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    /** Defect: eigenvectors and eigenvalues from files were uploaded row by row. */
    @ParameterizedTest
    @EnumSource
    void doNotGrowWithTheRows(Strategy strategy) throws IOException {
        for (int blocks : new int[] {1, 2}) {
            FitOptions options = FitOptions.defaults().withStrategy(strategy).withBlocks(blocks);
            long[] narrow = transfers(options, 4);
            long[] wide = transfers(options, 64);
            assertEquals(narrow[0], wide[0], "to fit and save in " + blocks + " blocks");
            assertEquals(narrow[1], wide[1], "to load in " + blocks + " blocks");
        }
    }

    private long[] transfers(FitOptions options, int outputs) throws IOException {
        LayerSpec layer = LayerSpec.dense("layer", 5, outputs);
        Path captures = Files.createTempDirectory(folder, "captures").resolve("0.safetensors");
        new CaptureWriter(CaptureObjective.SAMPLED, Optional.empty(), Optional.empty(), TensorType.F32)
                .write(
                        captures,
                        LongStream.range(0, EXAMPLES).toArray(),
                        List.of(LayerCapture.of(layer, EXAMPLES, 1, random(5), random(outputs))));
        Path factors = Files.createTempDirectory(folder, "factors");
        CountingBackend fit = new CountingBackend(Backends.OPENBLAS_FLOAT32);
        try (CaptureSet set = CaptureSet.open(captures)) {
            FitRun.of(fit, options, set, ProgressListener.silent()).run(factors, false);
        }
        CountingBackend load = new CountingBackend(Backends.OPENBLAS_FLOAT32);
        FactorStore.open(factors).load(load).close();
        return new long[] {fit.transfers(), load.transfers()};
    }

    private static Matrix random(int columns) {
        return Matrix.of(
                new SplittableRandom(7)
                        .doubles((long) EXAMPLES * columns, -1, 1)
                        .toArray(),
                EXAMPLES,
                columns);
    }
}
