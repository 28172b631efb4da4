package io.github.influence4j.ekfac.internal.factor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.PositionMask;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.TestBackends;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.bytedeco.openblas.global.openblas_full;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Captures so large that two cores copy them. */
class CaptureUploaderTest {

    private static final int EXAMPLES = 100;
    private static final int POSITIONS = 7;
    private static final LayerSpec LAYER = LayerSpec.tokens("wide", 300, 250);

    private final MatrixBackend backend = TestBackends.FAST_FLOAT32;
    private final int configured = openblas_full.openblas_get_num_threads();

    @BeforeEach
    void useTwoThreads() {
        openblas_full.openblas_set_num_threads(2);
        assertEquals(2, backend.parallelism());
    }

    @AfterEach
    void useThreadsAsBefore() {
        openblas_full.openblas_set_num_threads(configured);
    }

    private static double[][] rows(int width, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[][] rows = new double[EXAMPLES * POSITIONS][];
        for (int r = 0; r < rows.length; r++) {
            rows[r] = random.doubles(width, -1, 1).map(x -> (float) x).toArray();
        }
        return rows;
    }

    private static PositionMask mask() {
        boolean[] real = new boolean[EXAMPLES * POSITIONS];
        for (int r = 0; r < real.length; r++) {
            real[r] = r % 5 != 3;
        }
        return PositionMask.of(real);
    }

    private static LayerCapture capture(double[][] activations, double[][] gradients) {
        return LayerCapture.of(LAYER, EXAMPLES, POSITIONS, Matrix.of(activations), Matrix.of(gradients))
                .withMask(mask());
    }

    private static long[] ids() {
        return LongStream.range(1000, 1000 + EXAMPLES).toArray();
    }

    @ParameterizedTest
    @EnumSource
    void rowsComeWithBiasAndWithoutPadding(Precision precision) {
        double[][] activations = rows(LAYER.inputs(), 1);
        double[][] gradients = rows(LAYER.outputs(), 2);
        try (CaptureUploader uploader = new CaptureUploader(backend, precision, true)) {
            UploadedCapture uploaded = uploader.upload(capture(activations, gradients), 0, ids());
            double[][] a = uploaded.activations().toArray();
            double[][] g = uploaded.outputGradients().toArray();
            for (int r = 0; r < activations.length; r++) {
                double[] withBias = new double[LAYER.inputs() + 1];
                double[] gradient = new double[LAYER.outputs()];
                if (mask().isReal(r)) {
                    System.arraycopy(activations[r], 0, withBias, 0, LAYER.inputs());
                    withBias[LAYER.inputs()] = 1;
                    gradient = gradients[r];
                }
                assertArrayEquals(withBias, a[r], "activations " + r);
                assertArrayEquals(gradient, g[r], "gradients " + r);
            }
        }
    }

    /** The first bad number is named, whichever core finds another one first; what is masked may be anything. */
    @ParameterizedTest
    @EnumSource
    void numbersThatAreNotFiniteAreNamed(Precision precision) {
        double[][] gradients = rows(LAYER.outputs(), 2);
        gradients[3][0] = Double.NaN; // masked
        gradients[60 * POSITIONS + 2][17] = Double.POSITIVE_INFINITY;
        gradients[99 * POSITIONS + 1][249] = Double.NaN;
        try (CaptureUploader uploader = new CaptureUploader(backend, precision, true)) {
            NumericalException e = assertThrows(
                    NumericalException.class,
                    () -> uploader.upload(capture(rows(LAYER.inputs(), 1), gradients), 0, ids()));
            String message = String.valueOf(e.getMessage());
            assertTrue(
                    message.contains("layer wide: output gradients of example 1060 at position 2, column 17"), message);
        }
    }
}
