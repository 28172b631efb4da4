package io.github.influence4j.linalg.conformance;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import io.github.influence4j.testkit.Tolerances;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Products against naive loops in float64. */
@ParameterizedClass
@MethodSource("io.github.influence4j.linalg.conformance.BackendUnderTest#all")
class ProductsTest {

    private final MatrixBackend backend;
    private final double tolerance;

    ProductsTest(BackendUnderTest under) {
        backend = under.backend();
        tolerance = Tolerances.reordered(backend.precision());
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1",
        "2, 3, 1",
        "1, 2, 3",
        "3, 1, 2",
        "1, 5, 1",
        "5, 1, 1",
        "7, 31, 97",
        "31, 97, 7",
        "97, 7, 31",
        "97, 1, 31",
        "1, 97, 31",
        "31, 97, 1",
        "97, 200, 1",
        "1, 200, 97",
        "64, 200, 33",
        "256, 256, 256",
        "3, 17000, 16"
    })
    void multiplies(int m, int k, int n) {
        for (int variant = 0; variant < 16; variant++) {
            multiplies(m, k, n, variant);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 11, 14})
    void multipliesLarger(int variant) {
        multiplies(256, 256, 256, variant);
    }

    private void multiplies(int m, int k, int n, int variant) {
        boolean aTransposed = (variant & 1) != 0;
        boolean bTransposed = (variant & 2) != 0;
        boolean strided = (variant & 4) != 0;
        boolean accumulate = (variant & 8) != 0;
        try (Numbers numbers = new Numbers(backend, variant)) {
            double[][] a = numbers.random(m, k);
            double[][] b = numbers.random(k, n);
            double[][] c = accumulate ? numbers.random(m, n) : Numbers.constant(m, n, Double.NaN);
            BackendMatrix left = numbers.put(aTransposed ? Numbers.transpose(a) : a, strided);
            BackendMatrix right = numbers.put(bTransposed ? Numbers.transpose(b) : b, strided);
            BackendMatrix result = numbers.put(c, strided);
            backend.multiply(
                    0.75,
                    new Operand(left, aTransposed, false),
                    new Operand(right, bTransposed, false),
                    accumulate ? -2 : 0,
                    result);
            double[][] product = Numbers.product(a, b);
            double[][] expected = Numbers.sum(0.75, product, accumulate ? -2 : 0, accumulate ? c : product);
            assertClose(expected, result.toArray(), tolerance, "product, variant " + variant);
        }
    }

    @Test
    void multipliesBothPrecisionsWhateverTheWorkingOne() {
        Precision[] precisions =
                backend.name().equals("ejml") ? new Precision[] {Precision.FLOAT64} : Precision.values();
        for (Precision precision : precisions) {
            try (Numbers numbers = new Numbers(backend, 5)) {
                double[][] a = numbers.random(13, 17);
                double[][] b = numbers.random(17, 11);
                BackendMatrix c = numbers.put(new double[13][11], precision, false);
                backend.multiply(
                        Operand.of(numbers.put(a, precision, true)), Operand.of(numbers.put(b, precision, false)), c);
                assertClose(Numbers.product(a, b), c.toArray(), Tolerances.reordered(precision), "product");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 3, 4, 5", "5, 1, 1, 1", "7, 8, 3, 5", "3, 31, 16, 7", "4, 6, 9, 1", "4, 1, 9, 6"})
    void multipliesBatches(int members, int m, int k, int n) {
        for (int variant = 0; variant < 32; variant++) {
            boolean aTransposed = (variant & 1) != 0;
            boolean bTransposed = (variant & 2) != 0;
            boolean aShared = (variant & 4) != 0;
            boolean bShared = (variant & 8) != 0;
            boolean strided = (variant & 16) != 0;
            try (Numbers numbers = new Numbers(backend, variant)) {
                double[][] a = numbers.random((aShared ? 1 : members) * (aTransposed ? k : m), aTransposed ? m : k);
                double[][] b = numbers.random((bShared ? 1 : members) * (bTransposed ? n : k), bTransposed ? k : n);
                double[][] c = numbers.random(members * m, n);
                BackendMatrix result = numbers.put(c, strided);
                backend.multiplyBatch(
                        members,
                        -1,
                        new Operand(numbers.put(a, strided), aTransposed, aShared),
                        new Operand(numbers.put(b, strided), bTransposed, bShared),
                        0.5,
                        result);
                double[][] found = result.toArray();
                for (int j = 0; j < members; j++) {
                    double[][] product = Numbers.product(
                            member(a, members, j, aTransposed, aShared), member(b, members, j, bTransposed, bShared));
                    assertClose(
                            Numbers.sum(-1, product, 0.5, Numbers.rows(c, j * m, m)),
                            Numbers.rows(found, j * m, m),
                            tolerance,
                            "member " + j + ", variant " + variant);
                }
            }
        }
    }

    private static double[][] member(double[][] stack, int members, int j, boolean transposed, boolean shared) {
        int rows = stack.length / members;
        double[][] block = shared ? stack : Numbers.rows(stack, j * rows, rows);
        return transposed ? Numbers.transpose(block) : block;
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 7", "7, 1", "2, 3", "31, 97", "97, 31", "300, 64", "16, 256", "420, 401"})
    void updatesTheUpperTriangleAndMirrorsIt(int k, int n) {
        for (int variant = 0; variant < 4; variant++) {
            boolean strided = (variant & 1) != 0;
            boolean accumulate = (variant & 2) != 0;
            try (Numbers numbers = new Numbers(backend, variant)) {
                double[][] a = numbers.random(k, n);
                double[][] old = numbers.random(n, n);
                double[][] c = accumulate
                        ? Numbers.sum(1, old, 1, Numbers.transpose(old))
                        : Numbers.constant(n, n, Double.NaN);
                BackendMatrix result = numbers.put(c, strided);
                backend.rankUpdate(0.5, numbers.put(a, strided), accumulate ? 2 : 0, result);
                backend.mirrorUpper(result);
                double[][] product = Numbers.product(Numbers.transpose(a), a);
                double[][] expected = Numbers.sum(0.5, product, accumulate ? 2 : 0, accumulate ? c : product);
                double[][] found = result.toArray();
                assertClose(expected, found, tolerance, "update, variant " + variant);
                assertEquals(0, Numbers.distance(found, Numbers.transpose(found)), "symmetric to the last bit");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 63, 64, 65, 150})
    void mirrorsIntoAnotherMatrix(int n) {
        for (boolean strided : new boolean[] {false, true}) {
            try (Numbers numbers = new Numbers(backend, n)) {
                double[][] c = numbers.random(n, n);
                BackendMatrix result = numbers.put(Numbers.constant(n, n, Double.NaN), Precision.FLOAT64, !strided);
                backend.mirrorUpper(0.25, numbers.put(c, strided), result);
                double[][] found = result.toArray();
                double[][] expected = new double[n][n];
                for (int i = 0; i < n; i++) {
                    for (int j = 0; j < n; j++) {
                        expected[i][j] = 0.25 * c[Math.min(i, j)][Math.max(i, j)];
                    }
                }
                assertClose(expected, found, tolerance, "mirrored");
                assertEquals(0, Numbers.distance(found, Numbers.transpose(found)), "symmetric to the last bit");
            }
        }
    }

    @Test
    void uploadsTheFirstNumbersOfArrays() {
        float[] floats = {1, 2, 3, 4, 5, 6, 7};
        double[] doubles = {1, 2, 3, 4, 5, 6, 7};
        for (Precision target : new Precision[] {backend.precision(), Precision.FLOAT64}) {
            try (BackendMatrix border = backend.uninitialised(2, 5, target)) {
                BackendMatrix strided = border.view(0, 2, 1, 3);
                backend.upload(floats, strided);
                assertArrayEquals(new double[][] {{1, 2, 3}, {4, 5, 6}}, strided.toArray());
                backend.upload(doubles, border.rows(0, 1));
                assertArrayEquals(
                        new double[][] {{1, 2, 3, 4, 5}}, border.rows(0, 1).toArray());
            }
        }
    }

    @Test
    void mirrorsFloat64() {
        try (Numbers numbers = new Numbers(backend, 3)) {
            double[][] c = numbers.random(33, 33);
            BackendMatrix matrix = numbers.put(c, Precision.FLOAT64, true);
            backend.mirrorUpper(matrix);
            double[][] found = matrix.toArray();
            for (int i = 0; i < 33; i++) {
                for (int j = 0; j < 33; j++) {
                    assertEquals(c[Math.min(i, j)][Math.max(i, j)], found[i][j]);
                }
            }
        }
    }
}
