package io.github.influence4j.ekfac.internal.factor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.PositionMask;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.TestBackends;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Captures in the backend's memory are used as those on the heap are, without a copy where nothing must change. */
class HeldCaptureTest {

    private static final int EXAMPLES = 5;
    private static final int POSITIONS = 4;
    private static final int ROWS = EXAMPLES * POSITIONS;

    static Stream<Arguments> cases() {
        return TestBackends.all().stream().flatMap(backend -> Stream.of(true, false)
                .flatMap(bias -> Stream.of(true, false).flatMap(masked -> Stream.of(0, 3)
                        .map(border -> Arguments.of(backend, bias, masked, border)))));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void giveWhatHeapCapturesGive(MatrixBackend backend, boolean bias, boolean masked, int border) {
        LayerSpec layer = layer(bias);
        double[][] activations = rows(7, 1, masked);
        double[][] gradients = rows(6, 2, masked);
        LayerCapture onHeap = capture(layer, Matrix.of(activations), Matrix.of(gradients), masked);
        for (Precision type : List.of(backend.precision(), Precision.FLOAT64)) {
            try (BackendMatrix a = held(backend, activations, type, border);
                    BackendMatrix g = held(backend, gradients, type, border);
                    CaptureUploader expected = new CaptureUploader(backend, backend.precision(), true);
                    CaptureUploader found = new CaptureUploader(backend, backend.precision(), true)) {
                BackendMatrix heldA = a.view(0, ROWS, border, 7);
                BackendMatrix heldG = g.view(0, ROWS, border, 6);
                UploadedCapture fromHeap = expected.upload(onHeap, 0, ids());
                UploadedCapture fromBackend = found.upload(capture(layer, heldA, heldG, masked), 0, ids());
                assertArrayEquals(
                        fromHeap.activations().toArray(),
                        fromBackend.activations().toArray());
                assertArrayEquals(
                        fromHeap.outputGradients().toArray(),
                        fromBackend.outputGradients().toArray());
                assertEquals(fromHeap.realPositions(), fromBackend.realPositions());
                if (masked || border > 0 || type != backend.precision()) {
                    assertNotSame(heldG, fromBackend.outputGradients());
                } else {
                    assertSame(heldG, fromBackend.outputGradients());
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void numbersThatAreNotFiniteAreNamed(MatrixBackend backend, boolean bias, boolean masked, int border) {
        double[][] gradients = rows(6, 2, masked);
        gradients[3 * POSITIONS + 1][5] = Double.NEGATIVE_INFINITY;
        try (BackendMatrix a = held(backend, rows(7, 1, masked), backend.precision(), border);
                BackendMatrix g = held(backend, gradients, backend.precision(), border);
                CaptureUploader uploader = new CaptureUploader(backend, backend.precision(), true)) {
            LayerCapture capture = capture(layer(bias), a.view(0, ROWS, border, 7), g.view(0, ROWS, border, 6), masked);
            NumericalException e = assertThrows(NumericalException.class, () -> uploader.upload(capture, 0, ids()));
            assertTrue(
                    e.toString().contains("layer held: output gradients of example 13 at position 1, column 5"),
                    e.toString());
        }
    }

    private static LayerSpec layer(boolean bias) {
        LayerSpec layer = LayerSpec.tokens("held", 7, 6);
        return bias ? layer : layer.withoutBias();
    }

    private static LayerCapture capture(LayerSpec layer, Matrix activations, Matrix gradients, boolean masked) {
        LayerCapture capture = LayerCapture.of(layer, EXAMPLES, POSITIONS, activations, gradients);
        return masked ? capture.withMask(PositionMask.of(real())) : capture;
    }

    /** A run of two, single rows, and the last one are padding. */
    private static boolean[] real() {
        boolean[] real = new boolean[ROWS];
        for (int r = 0; r < ROWS; r++) {
            real[r] = r != 2 && r != 3 && r != 7 && r != ROWS - 1;
        }
        return real;
    }

    private static double[][] rows(int width, long seed, boolean masked) {
        SplittableRandom random = new SplittableRandom(seed);
        double[][] rows = new double[ROWS][];
        for (int r = 0; r < ROWS; r++) {
            boolean hidden = masked && !real()[r];
            rows[r] = random.doubles(width, -1, 1)
                    .map(x -> hidden ? Double.NaN : (float) x)
                    .toArray();
        }
        return rows;
    }

    private static BackendMatrix held(MatrixBackend backend, double[][] rows, Precision type, int border) {
        BackendMatrix all = backend.zeros(ROWS, rows[0].length + 2 * border, type);
        backend.upload(Matrix.of(rows), all.view(0, ROWS, border, rows[0].length));
        return all;
    }

    private static long[] ids() {
        return new long[] {10, 11, 12, 13, 14};
    }
}
