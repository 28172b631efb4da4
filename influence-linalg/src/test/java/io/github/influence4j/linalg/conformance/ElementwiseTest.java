package io.github.influence4j.linalg.conformance;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.testkit.Tolerances;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Elementwise operations and sums against plain loops in float64. */
@ParameterizedClass
@MethodSource("io.github.influence4j.linalg.conformance.BackendUnderTest#all")
class ElementwiseTest {

    private final MatrixBackend backend;
    private final Precision precision;
    private final double tolerance;

    ElementwiseTest(BackendUnderTest under) {
        backend = under.backend();
        precision = backend.precision();
        tolerance = Tolerances.reordered(precision);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 7", "7, 1", "2, 3", "31, 97", "97, 31", "256, 65"})
    void addsScaled(int m, int n) {
        for (int variant = 0; variant < 8; variant++) {
            boolean xStrided = (variant & 1) != 0;
            boolean yStrided = (variant & 2) != 0;
            Precision yPrecision = (variant & 4) != 0 ? Precision.FLOAT64 : precision;
            try (Numbers numbers = new Numbers(backend, variant)) {
                double[][] x = numbers.random(m, n);
                double[][] y = numbers.random(m, n);
                BackendMatrix result = numbers.put(y, yPrecision, yStrided);
                backend.addScaled(0.3, numbers.put(x, xStrided), result);
                assertClose(
                        Numbers.sum(0.3, x, 1, y),
                        result.toArray(),
                        Tolerances.reordered(yPrecision),
                        "y + 0.3 x, variant " + variant);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 7", "7, 1", "2, 3", "31, 97", "97, 31", "256, 65"})
    void multipliesElements(int m, int n) {
        for (int variant = 0; variant < 8; variant++) {
            boolean aStrided = (variant & 1) != 0;
            boolean bStrided = (variant & 2) != 0;
            boolean cStrided = (variant & 4) != 0;
            try (Numbers numbers = new Numbers(backend, variant)) {
                double[][] a = numbers.random(m, n);
                double[][] b = numbers.random(m, n);
                double[][] expected = elementwise(a, b);
                BackendMatrix left = numbers.put(a, aStrided);
                BackendMatrix right = numbers.put(b, bStrided);
                BackendMatrix other = numbers.put(Numbers.constant(m, n, Double.NaN), cStrided);
                backend.multiplyElements(left, right, other);
                assertClose(expected, other.toArray(), tolerance, "into a third matrix, variant " + variant);
                backend.multiplyElements(left, right, right);
                assertClose(expected, right.toArray(), tolerance, "into the right factor, variant " + variant);
                backend.multiplyElements(left, left, left);
                assertClose(elementwise(a, a), left.toArray(), tolerance, "square in place, variant " + variant);
            }
        }
    }

    private static double[][] elementwise(double[][] a, double[][] b) {
        double[][] c = new double[a.length][a[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a[i].length; j++) {
                c[i][j] = a[i][j] * b[i][j];
            }
        }
        return c;
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "1, 3, 4", "5, 1, 1", "4, 1, 7", "4, 7, 1", "31, 7, 5", "3, 97, 31", "200, 8, 9"})
    void addsSquares(int blocks, int m, int n) {
        for (int variant = 0; variant < 32; variant++) {
            boolean aStrided = (variant & 1) != 0;
            boolean cStrided = (variant & 2) != 0;
            Precision aPrecision = (variant & 4) != 0 ? Precision.FLOAT64 : precision;
            Precision cPrecision = (variant & 8) != 0 ? Precision.FLOAT64 : aPrecision;
            double beta = (variant & 16) != 0 ? 0.5 : 0;
            try (Numbers numbers = new Numbers(backend, variant)) {
                double[][] a = numbers.random(blocks * m, n);
                double[][] old = beta == 0 ? Numbers.constant(m, n, Double.NaN) : numbers.random(m, n);
                double[][] expected = new double[m][n];
                BackendMatrix c = numbers.put(old, cPrecision, cStrided);
                backend.addSquares(blocks, numbers.put(a, aPrecision, aStrided), beta, c);
                for (int r = 0; r < blocks * m; r++) {
                    for (int j = 0; j < n; j++) {
                        expected[r % m][j] += (r < m && beta != 0 ? beta * old[r][j] : 0) + a[r][j] * a[r][j];
                    }
                }
                assertClose(expected, c.toArray(), Tolerances.reordered(cPrecision), "squares, variant " + variant);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 7", "7, 1", "31, 97"})
    void invertsShifted(int m, int n) {
        for (int variant = 0; variant < 8; variant++) {
            boolean strided = (variant & 1) != 0;
            boolean resultStrided = (variant & 2) != 0;
            Precision resultPrecision = (variant & 4) != 0 ? Precision.FLOAT64 : precision;
            try (Numbers numbers = new Numbers(backend, variant)) {
                double[][] values = numbers.random(m, n);
                BackendMatrix from = numbers.put(values, Precision.FLOAT64, strided);
                BackendMatrix result = numbers.put(Numbers.constant(m, n, Double.NaN), resultPrecision, resultStrided);
                backend.shiftedReciprocal(from, 1.25, result);
                double[][] expected = new double[m][n];
                for (int i = 0; i < m; i++) {
                    for (int j = 0; j < n; j++) {
                        expected[i][j] = 1 / (values[i][j] + 1.25);
                    }
                }
                assertClose(
                        expected,
                        result.toArray(),
                        Tolerances.reordered(resultPrecision),
                        "reciprocals, variant " + variant);
                assertClose(values, from.toArray(), 0, "the values stay");
            }
        }
    }

    @Test
    void invertsInFloat64EvenForFloat32Results() {
        // 1e-9 beside 1 is lost in float32, so a float32 sum would give 1 / 1e-9 or infinity
        try (Numbers numbers = new Numbers(backend, 1)) {
            BackendMatrix values = numbers.put(new double[][] {{-1, 0}}, Precision.FLOAT64, false);
            BackendMatrix result = numbers.put(new double[1][2], false);
            backend.shiftedReciprocal(values, 1 + 1e-9, result);
            assertClose(
                    new double[][] {{1 / ((1 + 1e-9) - 1), 1 / (1 + 1e-9)}},
                    result.toArray(),
                    tolerance,
                    "reciprocals");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1",
        "1, 1, 7",
        "7, 1, 1",
        "3, 5, 1",
        "5, 4, 7",
        "31, 3, 97",
        "97, 31, 2",
        "1, 6, 8",
        "701, 30, 101"
    })
    void computesRowDots(int rows, int groups, int width) {
        for (int variant = 0; variant < 16; variant++) {
            boolean aStrided = (variant & 1) != 0;
            boolean bStrided = (variant & 2) != 0;
            boolean resultStrided = (variant & 4) != 0;
            boolean same = (variant & 8) != 0;
            try (Numbers numbers = new Numbers(backend, variant)) {
                double[][] a = numbers.random(rows, groups * width);
                double[][] b = numbers.random(rows, same ? width : groups * width);
                BackendMatrix result = numbers.put(Numbers.constant(rows, groups, Double.NaN), resultStrided);
                backend.rowDots(groups, numbers.put(a, aStrided), numbers.put(b, bStrided), result);
                double[][] expected = new double[rows][groups];
                for (int r = 0; r < rows; r++) {
                    for (int j = 0; j < groups * width; j++) {
                        expected[r][j / width] += a[r][j] * b[r][same ? j % width : j];
                    }
                }
                assertClose(expected, result.toArray(), tolerance, "dots, variant " + variant);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"3, 200001", "1501, 401", "1, 600001"})
    void worksPieceByPieceOnWhatIsLarge(int m, int n) {
        float[] host = new float[m * n];
        for (int i = 0; i < host.length; i++) {
            host[i] = (i % 1013) / 1013f - 0.4f;
        }
        try (BackendMatrix border = backend.zeros(m, n + 2);
                BackendMatrix packed = backend.copyOf(Matrix.of(host, m, n), precision);
                BackendMatrix sums = backend.zeros(m, n, Precision.FLOAT64);
                BackendMatrix reciprocals = backend.zeros(m, n)) {
            BackendMatrix strided = border.view(0, m, 1, n);
            backend.upload(Matrix.of(host, m, n), strided);
            backend.addScaled(2, strided, sums);
            backend.addScaled(-1, packed, sums);
            backend.addSquares(1, strided, 1, sums);
            backend.addSquares(1, packed, 1, sums);
            double[] found = new double[m * n];
            double[] expected = new double[m * n];
            sums.read(0, m, found, 0);
            for (int i = 0; i < host.length; i++) {
                double x = host[i];
                expected[i] = x + 2 * x * x;
            }
            assertClose(expected, found, Tolerances.REORDERED_FLOAT64, "sums");
            backend.shiftedReciprocal(sums, 1, reciprocals);
            reciprocals.read(0, m, found, 0);
            for (int i = 0; i < host.length; i++) {
                expected[i] = 1 / (expected[i] + 1);
            }
            assertClose(expected, found, tolerance, "reciprocals");
        }
    }

    /** ND4J's own float32 sum of such rows is off by some 1e-4. */
    @Test
    void sumsLongRowsAccurately() {
        int n = 100_000;
        float[] tenth = new float[10 * n];
        Arrays.fill(tenth, 0.1f);
        try (BackendMatrix a = backend.copyOf(Matrix.of(tenth, 10, n), precision);
                BackendMatrix b = backend.zeros(10, n);
                BackendMatrix dots = backend.zeros(10, 1)) {
            Arrays.fill(tenth, 1);
            backend.upload(Matrix.of(tenth, 10, n), b);
            backend.rowDots(1, a, b, dots);
            assertClose(Numbers.constant(10, 1, n * (double) 0.1f), dots.toArray(), tolerance, "sums");
        }
    }
}
