package io.github.influence4j.store.runs;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.Backends;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Fits in units, ended after every unit in turn and taken up again. */
class FitRunTest {

    private static final MatrixBackend BACKEND = Backends.EJML;
    private static final int SHARDS = TestCaptures.SHARDS;

    /** Ends a run from within, as a full disk or a lost machine would. */
    private static final class Ended extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @BeforeEach
    void writeCaptures() throws IOException {
        TestCaptures.write(folder.resolve("captures"), CaptureObjective.SAMPLED, 5);
    }

    private void run(String out, FitOptions options, boolean resume, ProgressListener progress) throws IOException {
        try (CaptureSet captures = CaptureSet.open(folder.resolve("captures"))) {
            new FitRun(BACKEND, options, captures, progress).run(folder.resolve(out), resume);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "GRADIENT_BASIS") // fitted whole only
    void fitsWhatTheApproximatorFits(Strategy strategy) throws IOException {
        FitOptions options = FitOptions.defaults().withStrategy(strategy).withBatchSize(4);
        try (CaptureSet captures = CaptureSet.open(folder.resolve("captures"));
                EigenbasisCurvature inUnits = new FitRun(BACKEND, options, captures, ProgressListener.silent())
                        .run(folder.resolve("units"), false)
                        .load(BACKEND);
                EigenbasisCurvature whole = EigenbasisApproximator.<CapturedExample>of(BACKEND, options)
                        .fit(CaptureProvider.of(captures), captures)) {
            for (int l = 0; l < 2; l++) {
                Matrix[] pair = new Matrix[2];
                for (int k = 0; k < 2; k++) {
                    EigenbasisCurvature curvature = k == 0 ? whole : inUnits;
                    // signs of eigenvectors are free, eigenvalues are not
                    pair[k] = curvature.layerCurvatures().get(l).eigenvalues().isPresent()
                            ? curvature.layerCurvatures().get(l).eigenvalues().get()
                            : Matrix.of(new double[] {1}, 1, 1);
                }
                assertClose(pair[0], pair[1], Tolerances.PARITY_FLOAT64, strategy + ", layer " + l);
            }
        }
    }

    @Test
    void endedAfterAnyUnitItGivesTheSameBytes() throws IOException {
        FitOptions options = FitOptions.defaults().withBatchSize(4);
        List<String> lines = new ArrayList<>();
        run("whole", options, false, (stage, done, total) -> lines.add(stage + done));
        assertTrue(lines.size() >= 2 * SHARDS, lines.toString());
        for (int last = 1; last <= lines.size(); last++) {
            String out = "ended" + last;
            int limit = last;
            int[] heard = {0};
            assertThrows(
                    Ended.class,
                    () -> run(out, options, false, (stage, done, total) -> {
                        heard[0]++;
                        if (heard[0] == limit) {
                            throw new Ended();
                        }
                    }));
            assertThrows(
                    IllegalStateException.class,
                    () -> run(out, options, false, ProgressListener.silent()),
                    "no resume");
            FitOptions other = options.withBlocks(2);
            assertThrows(
                    IllegalStateException.class,
                    () -> run(out, other, true, ProgressListener.silent()),
                    "other options");
            run(out, options, true, ProgressListener.silent());
            for (String file : List.of("activation_eigenvectors", "gradient_eigenvalues", "lambda_matrix")) {
                String name = file + ".safetensors";
                assertArrayEquals(
                        Files.readAllBytes(folder.resolve("whole").resolve(name)),
                        Files.readAllBytes(folder.resolve(out).resolve(name)),
                        name + " after " + lines.get(last - 1));
            }
            assertFalse(Files.exists(folder.resolve(out).resolve(".progress")));
            run(out, options, true, ProgressListener.silent());
        }
    }

    @Test
    void otherDataAreRefused() throws IOException {
        FitOptions options = FitOptions.defaults();
        run("done", options, false, ProgressListener.silent());
        Files.delete(folder.resolve("captures/shard-2.safetensors"));
        assertThrows(IllegalStateException.class, () -> run("done", options, true, ProgressListener.silent()));
    }
}
