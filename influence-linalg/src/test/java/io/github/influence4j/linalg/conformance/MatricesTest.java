package io.github.influence4j.linalg.conformance;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import io.github.influence4j.testkit.Tolerances;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Transfers, views, ownership and threads. */
@ParameterizedClass
@MethodSource("io.github.influence4j.linalg.conformance.BackendUnderTest#all")
class MatricesTest {

    private final MatrixBackend backend;
    private final Precision precision;

    MatricesTest(BackendUnderTest under) {
        backend = under.backend();
        precision = backend.precision();
    }

    @Test
    void newMatricesArePackedZerosOfTheWorkingPrecision() {
        try (BackendMatrix a = backend.zeros(3, 5)) {
            assertEquals(precision, a.precision());
            assertEquals(5, a.stride());
            assertClose(new double[3][5], a.toArray(), 0, "zeros");
        }
    }

    @Test
    void uploadsEveryKindOfSourceIntoEveryKindOfTarget() {
        FloatBuffer direct =
                ByteBuffer.allocateDirect(4 * 60).order(ByteOrder.nativeOrder()).asFloatBuffer();
        try (Numbers numbers = new Numbers(backend, 1)) {
            double[][] values = numbers.random(7, 5);
            float[][] floats = new float[7][5];
            for (int r = 0; r < 7; r++) {
                for (int c = 0; c < 5; c++) {
                    floats[r][c] = (float) values[r][c];
                    direct.put(r * 8 + c, floats[r][c]);
                }
            }
            List<Matrix> sources = new ArrayList<>(List.of(
                    Matrix.of(values),
                    Matrix.of(floats),
                    Matrix.of(direct, 7, 5, 8),
                    numbers.put(values, false),
                    numbers.put(values, true),
                    numbers.put(values, Precision.FLOAT64, false),
                    numbers.put(values, Precision.FLOAT64, true)));
            for (Matrix source : sources) {
                for (boolean strided : new boolean[] {false, true}) {
                    for (Precision type : new Precision[] {precision, Precision.FLOAT64}) {
                        BackendMatrix target = numbers.put(Numbers.constant(7, 5, Double.NaN), type, strided);
                        backend.upload(source, target);
                        assertClose(values, target.toArray(), 0, "from " + source + " into " + target);
                    }
                }
            }
        }
    }

    @Test
    void readsRangesOfRowsInBothTypes() {
        try (Numbers numbers = new Numbers(backend, 2)) {
            double[][] values = numbers.random(9, 4);
            for (boolean strided : new boolean[] {false, true}) {
                for (Precision type : new Precision[] {precision, Precision.FLOAT64}) {
                    BackendMatrix matrix = numbers.put(values, type, strided);
                    double[] doubles = new double[15];
                    float[] floats = new float[15];
                    matrix.read(5, 3, doubles, 2);
                    matrix.read(5, 3, floats, 2);
                    for (int i = 0; i < 15; i++) {
                        double expected = i < 2 || i == 14 ? 0 : values[5 + (i - 2) / 4][(i - 2) % 4];
                        assertEquals(expected, doubles[i]);
                        assertEquals((float) expected, floats[i]);
                    }
                    matrix.read(9, 0, doubles, 0);
                    assertThrows(IndexOutOfBoundsException.class, () -> matrix.read(7, 3, doubles, 0));
                    assertThrows(IndexOutOfBoundsException.class, () -> matrix.read(0, 4, floats, 0));
                }
            }
        }
    }

    @Test
    void roundsFloat64ToFloat32AsJavaDoes() {
        double[] values = {1 + 1e-10, 1e300, -1e300, 1e-300, Double.NaN, Double.POSITIVE_INFINITY};
        try (BackendMatrix a = backend.copyOf(Matrix.of(values, 2, 3), Precision.FLOAT64);
                BackendMatrix b = backend.copyOf(a, precision)) {
            float[] read = new float[6];
            a.read(0, 2, read, 0);
            float[] converted = new float[6];
            b.read(0, 2, converted, 0);
            float[] expected = new float[6];
            for (int i = 0; i < 6; i++) {
                expected[i] = (float) values[i];
            }
            assertArrayEquals(expected, read);
            assertArrayEquals(expected, converted);
        }
    }

    @Test
    void viewsShareTheMemory() {
        try (BackendMatrix a = backend.zeros(6, 8)) {
            BackendMatrix inner = a.view(1, 4, 2, 5).view(1, 2, 1, 3);
            backend.upload(Matrix.of(new double[][] {{1, 2, 3}, {4, 5, 6}}), inner);
            double[][] all = a.toArray();
            assertEquals(1, all[2][3]);
            assertEquals(6, all[3][5]);
            assertEquals(8, inner.stride());
            assertArrayEquals(
                    new double[] {0, 0, 0, 4, 5, 6, 0, 0}, a.rows(3, 1).toArray()[0]);
            assertEquals(4, a.rows(2, 2).reshape(4, 4).toArray()[2][3]);
            assertThrows(IndexOutOfBoundsException.class, () -> a.view(5, 2, 0, 1));
            assertThrows(IndexOutOfBoundsException.class, () -> a.view(0, 1, 7, 2));
            assertThrows(IllegalArgumentException.class, () -> a.view(0, 0, 0, 1));
            assertThrows(IllegalArgumentException.class, () -> inner.reshape(3, 2));
            assertThrows(IllegalArgumentException.class, () -> a.reshape(5, 9));
        }
    }

    @Test
    void knowsItsOwnMatrices() {
        try (BackendMatrix a = backend.zeros(2, 3)) {
            assertTrue(backend.holds(a));
            assertTrue(backend.holds(a.rows(1, 1)));
            assertFalse(backend.holds(Matrix.of(new double[2][3])));
        }
    }

    /** Also where the sum of all magnitudes overflows, and in more numbers than one core looks at. */
    @Test
    void findsNumbersThatAreNotFinite() {
        for (Precision type : new Precision[] {precision, Precision.FLOAT64}) {
            for (boolean strided : new boolean[] {false, true}) {
                for (double large : new double[] {1, type == Precision.FLOAT32 ? Float.MAX_VALUE : Double.MAX_VALUE}) {
                    for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
                        requireFound(type, strided, 37, 41, large, bad);
                    }
                    requireFound(type, strided, 1100, 700, large, Double.NaN);
                }
            }
        }
    }

    private void requireFound(Precision type, boolean strided, int rows, int columns, double large, double bad) {
        try (Numbers numbers = new Numbers(backend, 4)) {
            double[][] values = numbers.random(rows, columns);
            values[0][0] = large;
            values[1][1] = -large;
            BackendMatrix matrix = numbers.put(values, type, strided);
            assertTrue(backend.isFinite(matrix));
            values[rows - 1][columns - 1] = bad;
            backend.upload(Matrix.of(values), matrix);
            assertFalse(backend.isFinite(matrix), "found nothing of " + bad);
            assertTrue(backend.isFinite(matrix.rows(0, rows - 1)));
        }
    }

    @Test
    void refusesImpossibleMatrices() {
        assertThrows(IllegalArgumentException.class, () -> backend.zeros(0, 3));
        assertThrows(IllegalArgumentException.class, () -> backend.zeros(3, -1));
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> backend.zeros(50_000, 50_000));
        assertTrue(e.toString().contains("50000 x 50000"), e.toString());
        assertTrue(backend.maxElements() > 1_000_000_000);
        assertTrue(backend.availableMemory() > 1_000_000);
    }

    @Test
    void refusesUseAfterClose() {
        BackendMatrix a = backend.zeros(2, 2);
        BackendMatrix view = a.rows(0, 1);
        view.close();
        assertClose(new double[2][2], a.toArray(), 0, "closing a view frees nothing");
        a.close();
        a.close();
        for (BackendMatrix closed : List.of(a, view)) {
            IllegalStateException e = assertThrows(IllegalStateException.class, closed::toArray);
            assertTrue(e.toString().contains("closed"), e.toString());
            assertThrows(IllegalStateException.class, () -> backend.multiplyElements(closed, closed, closed));
        }
        try (BackendMatrix c = backend.zeros(2, 2)) {
            assertThrows(IllegalStateException.class, () -> backend.multiply(Operand.of(a), Operand.of(a), c));
            assertThrows(IllegalStateException.class, () -> backend.upload(c, a));
        }
    }

    @Test
    void servesSeveralThreads() throws Exception {
        double[][] expected;
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try (Numbers numbers = new Numbers(backend, 3)) {
            double[][] a = numbers.random(40, 50);
            BackendMatrix shared = numbers.put(a, true);
            expected = Numbers.product(Numbers.transpose(a), a);
            List<Future<double[][]>> results = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                results.add(pool.submit(() -> {
                    try (BackendMatrix c = backend.zeros(50, 50)) {
                        backend.multiply(Operand.transposed(shared), Operand.of(shared), c);
                        backend.rankUpdate(1, shared, 1, c);
                        backend.mirrorUpper(c);
                        backend.addScaled(-0.5, c, c.view(0, 50, 0, 50));
                        return c.toArray();
                    }
                }));
            }
            for (Future<double[][]> result : results) {
                assertClose(expected, result.get(), Tolerances.reordered(precision), "product in a thread");
            }
        } finally {
            pool.shutdown();
        }
    }
}
