package io.github.influence4j.ekfac.internal.factor;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.TestBackends;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Block-diagonal matrices against the same matrices written out with their zeros. */
class BlockDiagonalTest {

    private static final int ORDER = 7;
    private static final int COUNT = 3;
    private static final int COLUMNS = 5;

    static List<MatrixBackend> backends() {
        return TestBackends.all();
    }

    @Test
    void sizesAreAsEqualAsPossible() {
        assertArrayEquals(new int[] {7}, BlockDiagonal.sizes(7, 1));
        assertArrayEquals(new int[] {4, 3}, BlockDiagonal.sizes(7, 2));
        assertArrayEquals(new int[] {3, 2, 2}, BlockDiagonal.sizes(7, 3));
        assertArrayEquals(new int[] {1, 1, 1}, BlockDiagonal.sizes(3, 8));
        assertThrows(IllegalArgumentException.class, () -> BlockDiagonal.sizes(3, 0));
        assertThrows(IllegalArgumentException.class, () -> BlockDiagonal.sizes(0, 1));
        assertEquals(9 + 4 + 4, BlockDiagonal.numbers(7, 3));
        // n²/O where O divides
        assertEquals(768L * 768 / 4, BlockDiagonal.numbers(768, 4));
    }

    @ParameterizedTest
    @MethodSource("backends")
    void productsAreThoseOfTheDenseMatrix(MatrixBackend backend) {
        for (int blocks : new int[] {1, 2, 3, ORDER}) {
            for (boolean transposed : new boolean[] {false, true}) {
                try (BlockDiagonal matrix = random(backend, blocks);
                        BackendMatrix rows = random(backend, COLUMNS, ORDER, 5);
                        BackendMatrix stack = random(backend, COUNT * ORDER, COLUMNS, 6);
                        BackendMatrix rowsResult = backend.zeros(COLUMNS, ORDER);
                        BackendMatrix stackResult = backend.zeros(COUNT * ORDER, COLUMNS)) {
                    double[][] dense = transposed ? transpose(matrix.toArray()) : matrix.toArray();
                    String what = matrix + (transposed ? ", transposed" : "");
                    double tolerance = Tolerances.reordered(backend.precision());
                    matrix.multiplyRows(backend, rows, transposed, rowsResult);
                    assertClose(product(rows.toArray(), dense), rowsResult.toArray(), tolerance, what);
                    matrix.multiplyStack(backend, COUNT, stack, transposed, stackResult);
                    for (int j = 0; j < COUNT; j++) {
                        double[][] expected =
                                product(dense, stack.rows(j * ORDER, ORDER).toArray());
                        double[][] actual = stackResult.rows(j * ORDER, ORDER).toArray();
                        assertClose(expected, actual, tolerance, what + ", member " + j);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void oneBlockIsThePlainProductToTheBit(MatrixBackend backend) {
        try (BlockDiagonal matrix = random(backend, 1);
                BackendMatrix rows = random(backend, COLUMNS, ORDER, 5);
                BackendMatrix expected = backend.zeros(COLUMNS, ORDER);
                BackendMatrix actual = backend.zeros(COLUMNS, ORDER)) {
            backend.multiply(Operand.of(rows), Operand.of(matrix.blocks().get(0)), expected);
            matrix.multiplyRows(backend, rows, false, actual);
            assertArrayEquals(expected.toArray(), actual.toArray());
        }
    }

    @Test
    void readsWithItsZeros() {
        BackendMatrix first = copy(new double[][] {{1, 2}, {3, 4}});
        BackendMatrix second = copy(new double[][] {{5}});
        try (BlockDiagonal matrix = BlockDiagonal.of(List.of(first, second))) {
            assertArrayEquals(new double[][] {{1, 2, 0}, {3, 4, 0}, {0, 0, 5}}, matrix.toArray());
            double[] last = {9, 9, 9, 9, 9, 9, 9};
            matrix.read(1, 2, last, 1);
            assertArrayEquals(new double[] {9, 3, 4, 0, 0, 0, 5}, last);
            float[] floats = new float[3];
            matrix.read(2, 1, floats, 0);
            assertArrayEquals(new float[] {0, 0, 5}, floats);
            assertEquals(Precision.FLOAT64, matrix.precision());
            assertThrows(IndexOutOfBoundsException.class, () -> matrix.read(3, 1, new double[3], 0));
        }
    }

    @Test
    void blocksMustBeSquare() {
        BackendMatrix flat = copy(new double[][] {{1, 2}});
        assertThrows(IllegalArgumentException.class, () -> BlockDiagonal.of(List.of(flat)));
        assertThrows(IllegalArgumentException.class, () -> BlockDiagonal.of(List.of()));
    }

    private static BackendMatrix copy(double[][] rows) {
        return TestBackends.EJML.copyOf(Matrix.of(rows), Precision.FLOAT64);
    }

    private static BlockDiagonal random(MatrixBackend backend, int blocks) {
        List<BackendMatrix> parts = new ArrayList<>();
        for (int size : BlockDiagonal.sizes(ORDER, blocks)) {
            parts.add(random(backend, size, size, 40 + parts.size()));
        }
        return BlockDiagonal.of(parts);
    }

    private static BackendMatrix random(MatrixBackend backend, int rows, int columns, long seed) {
        double[] numbers =
                new SplittableRandom(seed).doubles((long) rows * columns, -1, 1).toArray();
        return backend.copyOf(Matrix.of(numbers, rows, columns), backend.precision());
    }

    private static double[][] transpose(double[][] matrix) {
        return IntStream.range(0, matrix[0].length)
                .mapToObj(c -> IntStream.range(0, matrix.length)
                        .mapToDouble(r -> matrix[r][c])
                        .toArray())
                .toArray(double[][]::new);
    }

    private static double[][] product(double[][] a, double[][] b) {
        double[][] result = new double[a.length][b[0].length];
        for (int r = 0; r < a.length; r++) {
            for (int c = 0; c < b[0].length; c++) {
                for (int k = 0; k < b.length; k++) {
                    result[r][c] += a[r][k] * b[k][c];
                }
            }
        }
        return result;
    }
}
