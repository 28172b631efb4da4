package io.github.influence4j.linalg.conformance;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.SymmetricEigen;
import io.github.influence4j.linalg.ThinSvd;
import io.github.influence4j.testkit.Tolerances;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Decompositions by their residuals and the orthogonality of their vectors. */
@ParameterizedClass
@MethodSource("io.github.influence4j.linalg.conformance.BackendUnderTest#all")
class DecompositionsTest {

    private final MatrixBackend backend;

    DecompositionsTest(BackendUnderTest under) {
        backend = under.backend();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 31, 97, 130})
    void decomposesSymmetricMatrices(int n) {
        try (Numbers numbers = new Numbers(backend, n)) {
            double[][] x = numbers.random(n + 3, n);
            double[][] thin = numbers.random(1 + n / 3, n);
            double[][] row = numbers.random(1, n);
            double[][] random = numbers.random(n, n);
            double[][] covariance = Numbers.product(Numbers.transpose(x), x);
            double[][] outer = Numbers.product(Numbers.transpose(row), row);
            double[][] identity = Numbers.identity(n);
            checkEigen(numbers, covariance, "covariance");
            checkEigen(numbers, Numbers.product(Numbers.transpose(thin), thin), "rank-deficient");
            checkEigen(numbers, outer, "outer product");
            checkEigen(numbers, Numbers.sum(1, identity, 3, outer), "one eigenvalue n - 1 times");
            checkEigen(numbers, Numbers.sum(1, random, 1, Numbers.transpose(random)), "indefinite");
            checkEigen(numbers, Numbers.sum(1e-280, covariance, 0, covariance), "tiny");
            checkEigen(numbers, Numbers.sum(1e280, covariance, 0, covariance), "huge");
            double[] ones = checkEigen(numbers, identity, "identity");
            assertClose(filled(n, 1), ones, Tolerances.REORDERED_FLOAT64, "eigenvalues of the identity");
            double[] zeros = checkEigen(numbers, new double[n][n], "zeros");
            assertClose(new double[n], zeros, 0, "eigenvalues of zeros");
        }
    }

    @Test
    void decomposesALargerMatrix() {
        // from order 200 on OpenBLAS 0.3.19 is wrong on some CPUs
        try (Numbers numbers = new Numbers(backend, 7)) {
            double[][] x = numbers.random(150, 256);
            checkEigen(numbers, Numbers.product(Numbers.transpose(x), x), "rank 150 of 256");
        }
    }

    private double[] checkEigen(Numbers numbers, double[][] matrix, String what) {
        int n = matrix.length;
        BackendMatrix input = numbers.put(matrix, Precision.FLOAT64, n % 2 == 1);
        try (SymmetricEigen eigen = backend.eigen(input)) {
            double[][] v = eigen.vectors().toArray();
            double[] values = eigen.values();
            double[] sorted = values.clone();
            Arrays.sort(sorted);
            assertClose(sorted, values, 0, what + ": ascending");
            assertOrthonormal(v, what);
            double[][] residual = Numbers.sum(1, Numbers.product(matrix, v), -1, scaledColumns(v, values));
            assertSmall(residual, n, Numbers.norm(matrix), what + ": C V - V diag(values)");
            assertClose(matrix, input.toArray(), 0, what + ": the input stays");
            return values;
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 1", "1, 3", "7, 31", "31, 7", "97, 97", "128, 40"})
    void decomposesRectangularMatrices(int m, int n) {
        try (Numbers numbers = new Numbers(backend, m)) {
            double[][] random = numbers.random(m, n);
            int rank = 1 + Math.min(m, n) / 2;
            checkSvd(numbers, random, "random");
            checkSvd(numbers, Numbers.product(numbers.random(m, rank), numbers.random(rank, n)), "rank-deficient");
            checkSvd(numbers, Numbers.sum(1e-280, random, 0, random), "tiny");
            checkSvd(numbers, Numbers.sum(1e280, random, 0, random), "huge");
            checkSvd(numbers, new double[m][n], "zeros");
        }
    }

    private void checkSvd(Numbers numbers, double[][] matrix, String what) {
        int m = matrix.length;
        int n = matrix[0].length;
        int k = Math.min(m, n);
        BackendMatrix input = numbers.put(matrix, Precision.FLOAT64, m % 2 == 1);
        try (ThinSvd svd = backend.svd(input)) {
            double[][] u = svd.u().toArray();
            double[][] vt = svd.vt().toArray();
            double[] descending = svd.values().clone();
            Arrays.sort(descending);
            for (int i = 0; i < k; i++) {
                assertEquals(descending[k - 1 - i], svd.values()[i], what + ": descending");
                assertTrue(svd.values()[i] >= 0, what + ": not negative");
            }
            assertEquals(k, u[0].length, what);
            assertEquals(k, vt.length, what);
            assertOrthonormal(u, what + ": U");
            assertOrthonormal(Numbers.transpose(vt), what + ": V");
            double[][] residual = Numbers.sum(1, matrix, -1, Numbers.product(scaledColumns(u, svd.values()), vt));
            assertSmall(residual, Math.max(m, n), Numbers.norm(matrix), what + ": M - U diag(values) Vᵀ");
            assertClose(matrix, input.toArray(), 0, what + ": the input stays");
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 1", "31, 7", "97, 97", "128, 40"})
    void orthonormalises(int m, int n) {
        try (Numbers numbers = new Numbers(backend, m)) {
            int rank = 1 + n / 2;
            double[][] deficient = Numbers.product(numbers.random(m, rank), numbers.random(rank, n));
            for (double[][] matrix : new double[][][] {numbers.random(m, n), deficient, new double[m][n]}) {
                BackendMatrix columns = numbers.put(matrix, Precision.FLOAT64, m % 2 == 1);
                backend.orthonormalise(columns);
                double[][] q = columns.toArray();
                assertOrthonormal(q, "Q");
                double[][] projected = Numbers.product(q, Numbers.product(Numbers.transpose(q), matrix));
                assertSmall(Numbers.sum(1, projected, -1, matrix), m, Numbers.norm(matrix), "Q Qᵀ M - M");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 3", "7, 1", "31, 5", "97, 31"})
    void solvesByCholesky(int n, int k) {
        try (Numbers numbers = new Numbers(backend, n)) {
            double[][] x = numbers.random(n + 5, n);
            double[][] matrix = Numbers.sum(1, Numbers.product(Numbers.transpose(x), x), 0.1, Numbers.identity(n));
            double[][] y = numbers.random(n, k);
            double[][] upperOnly = new double[n][n];
            for (int i = 0; i < n; i++) {
                Arrays.fill(upperOnly[i], 0, i, Double.NaN);
                System.arraycopy(matrix[i], i, upperOnly[i], i, n - i);
            }
            // the first n rows of something larger are packed and a view
            BackendMatrix factor =
                    numbers.put(larger(upperOnly), Precision.FLOAT64, false).rows(1, n);
            BackendMatrix solution =
                    numbers.put(larger(y), Precision.FLOAT64, false).rows(1, n);
            backend.cholesky(factor);
            backend.choleskySolve(factor, solution);
            double[][] found = solution.toArray();
            double[][] residual = Numbers.sum(1, Numbers.product(matrix, found), -1, y);
            assertSmall(residual, n, Numbers.norm(matrix) * Numbers.norm(found), "A x - y");
            double[][] r = factor.toArray();
            for (int i = 0; i < n; i++) {
                Arrays.fill(r[i], 0, i, 0);
            }
            double[][] back = Numbers.product(Numbers.transpose(r), r);
            assertSmall(Numbers.sum(1, back, -1, matrix), n, Numbers.norm(matrix), "RᵀR - A");
        }
    }

    private static double[][] larger(double[][] a) {
        double[][] larger = new double[a.length + 2][a[0].length];
        System.arraycopy(a, 0, larger, 1, a.length);
        return larger;
    }

    @Test
    void choleskyRefusesWhatIsNotPositiveDefinite() {
        try (Numbers numbers = new Numbers(backend, 1)) {
            double[][][] bad = {{{0, 0}, {0, 0}}, {{1, 2}, {2, 1}}, {{1, 0}, {0, -1}}, {{1, 0}, {0, Double.NaN}}};
            for (double[][] matrix : bad) {
                BackendMatrix input = numbers.put(matrix, Precision.FLOAT64, false);
                NumericalException e = assertThrows(NumericalException.class, () -> backend.cholesky(input));
                assertTrue(e.toString().contains("order 2 is not positive definite"), e.toString());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void refusesWhatIsNotFinite(double bad) {
        try (Numbers numbers = new Numbers(backend, 1)) {
            double[][] matrix = Numbers.identity(5);
            matrix[3][1] = bad;
            matrix[1][3] = bad;
            BackendMatrix input = numbers.put(matrix, Precision.FLOAT64, false);
            NumericalException eigen = assertThrows(NumericalException.class, () -> backend.eigen(input));
            assertTrue(eigen.toString().contains("eigen: the matrix of 5 x 5 has"), eigen.toString());
            NumericalException svd = assertThrows(NumericalException.class, () -> backend.svd(input));
            assertTrue(svd.toString().contains("svd: the matrix of 5 x 5 has"), svd.toString());
            assertThrows(NumericalException.class, () -> backend.orthonormalise(input));
        }
    }

    private static void assertOrthonormal(double[][] columns, String what) {
        double[][] gram = Numbers.product(Numbers.transpose(columns), columns);
        assertSmall(Numbers.sum(1, gram, -1, Numbers.identity(gram.length)), columns.length, 1, what + ": orthonormal");
    }

    private static void assertSmall(double[][] residual, int n, double norm, String what) {
        double found = Numbers.distance(residual, new double[residual.length][residual[0].length]);
        double allowed = Tolerances.DECOMPOSITION_PER_ORDER * n * norm;
        assertTrue(found <= allowed, what + ", order " + n + ": " + found + " is more than " + allowed);
    }

    private static double[][] scaledColumns(double[][] a, double[] factors) {
        double[][] scaled = new double[a.length][];
        for (int i = 0; i < a.length; i++) {
            scaled[i] = a[i].clone();
            for (int j = 0; j < factors.length; j++) {
                scaled[i][j] *= factors[j];
            }
        }
        return scaled;
    }

    private static double[] filled(int n, double value) {
        double[] array = new double[n];
        Arrays.fill(array, value);
        return array;
    }
}
