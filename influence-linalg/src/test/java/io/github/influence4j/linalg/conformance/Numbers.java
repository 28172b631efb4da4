package io.github.influence4j.linalg.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Test matrices: numbers, their naive arithmetic in float64, and backend matrices, packed or inside a border. */
final class Numbers implements AutoCloseable {

    private static final double BORDER = 1234.5;

    private final MatrixBackend backend;
    private final SplittableRandom random;
    private final List<BackendMatrix> owners = new ArrayList<>();
    private final List<BackendMatrix> bordered = new ArrayList<>();

    Numbers(MatrixBackend backend, long seed) {
        this.backend = backend;
        this.random = new SplittableRandom(seed);
    }

    /** Numbers in (-1, 1) that float32 can hold. */
    double[][] random(int rows, int columns) {
        double[][] values = new double[rows][columns];
        for (double[] row : values) {
            for (int c = 0; c < columns; c++) {
                row[c] = (float) random.nextDouble(-1, 1);
            }
        }
        return values;
    }

    static double[][] constant(int rows, int columns, double value) {
        double[][] values = new double[rows][columns];
        for (double[] row : values) {
            Arrays.fill(row, value);
        }
        return values;
    }

    BackendMatrix put(double[][] values, boolean strided) {
        return put(values, backend.precision(), strided);
    }

    /** A backend matrix of these numbers; where strided, a view inside a matrix with a border of other numbers. */
    BackendMatrix put(double[][] values, Precision precision, boolean strided) {
        int rows = values.length;
        int columns = values[0].length;
        BackendMatrix owner = backend.zeros(rows + (strided ? 3 : 0), columns + (strided ? 5 : 0), precision);
        owners.add(owner);
        BackendMatrix matrix = owner;
        if (strided) {
            backend.upload(Matrix.of(constant(rows + 3, columns + 5, BORDER)), owner);
            bordered.add(owner);
            matrix = owner.view(1, rows, 3, columns);
        }
        backend.upload(Matrix.of(values), matrix);
        return matrix;
    }

    /** Checks that nothing outside the views was written, and frees the matrices. */
    @Override
    public void close() {
        bordered.forEach(owner -> checkBorder(owner.toArray()));
        owners.forEach(BackendMatrix::close);
    }

    private static void checkBorder(double[][] all) {
        for (int r = 0; r < all.length; r++) {
            for (int c = 0; c < all[r].length; c++) {
                boolean inside = r >= 1 && r < all.length - 2 && c >= 3 && c < all[r].length - 2;
                if (!inside) {
                    assertEquals(BORDER, all[r][c], "written outside the view at " + r + ", " + c);
                }
            }
        }
    }

    static double[][] transpose(double[][] a) {
        double[][] t = new double[a[0].length][a.length];
        for (int r = 0; r < a.length; r++) {
            for (int c = 0; c < a[r].length; c++) {
                t[c][r] = a[r][c];
            }
        }
        return t;
    }

    static double[][] product(double[][] a, double[][] b) {
        double[][] c = new double[a.length][b[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int k = 0; k < b.length; k++) {
                for (int j = 0; j < b[0].length; j++) {
                    c[i][j] += a[i][k] * b[k][j];
                }
            }
        }
        return c;
    }

    /** alpha a + beta b. */
    static double[][] sum(double alpha, double[][] a, double beta, double[][] b) {
        double[][] c = new double[a.length][a[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a[i].length; j++) {
                c[i][j] = alpha * a[i][j] + beta * b[i][j];
            }
        }
        return c;
    }

    /** Rows from {@code first} on. */
    static double[][] rows(double[][] a, int first, int count) {
        return Arrays.copyOfRange(a, first, first + count);
    }

    static double[][] identity(int n) {
        double[][] identity = new double[n][n];
        for (int i = 0; i < n; i++) {
            identity[i][i] = 1;
        }
        return identity;
    }

    /** The largest sum of magnitudes in a row. */
    static double norm(double[][] a) {
        double norm = 0;
        for (double[] row : a) {
            double sum = 0;
            for (double value : row) {
                sum += Math.abs(value);
            }
            norm = Math.max(norm, sum);
        }
        return norm;
    }

    /** The largest magnitude of a difference; NaN where one is NaN. */
    static double distance(double[][] a, double[][] b) {
        double largest = 0;
        for (int r = 0; r < a.length; r++) {
            for (int c = 0; c < a[r].length; c++) {
                largest = Math.max(largest, Math.abs(a[r][c] - b[r][c]));
            }
        }
        return largest;
    }
}
