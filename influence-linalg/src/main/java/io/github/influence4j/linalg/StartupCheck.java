package io.github.influence4j.linalg;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;

/**
 * The computations that a backend makes once at its start, because native libraries exist that compute wrong numbers
 * without any error; for implementers of {@link MatrixBackendProvider}.
 */
public final class StartupCheck {

    /** Generous: the known wrong libraries are off by more than 1. */
    private static final double TOLERANCE = 1e-3;

    private StartupCheck() {}

    /**
     * Decomposes a symmetric matrix with a known spectrum and checks the product V diag(values) Vᵀ, which takes both the
     * products of the backend and its eigendecomposition.
     *
     * @param backend the backend
     * @param n order of the matrix; OpenBLAS 0.3.19's wrong eigenvectors appear from about 200 on
     * @throws IllegalStateException if the numbers are wrong
     */
    public static void verify(MatrixBackend backend, int n) {
        double[] matrix = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                matrix[i * n + j] = 1.0 / (1 + Math.abs(i - j)) + (i == j ? i % 7 : 0);
            }
        }
        try (BackendMatrix c = backend.copyOf(Matrix.of(matrix, n, n), Precision.FLOAT64);
                SymmetricEigen eigen = backend.eigen(c);
                BackendMatrix scaled = backend.zeros(n, n, backend.precision());
                BackendMatrix vectors = backend.copyOf(eigen.vectors(), backend.precision());
                BackendMatrix product = backend.zeros(n, n, backend.precision())) {
            double[] values = new double[n * n];
            eigen.vectors().read(0, n, values, 0);
            for (int i = 0; i < n * n; i++) {
                values[i] *= eigen.values()[i % n];
            }
            backend.upload(Matrix.of(values, n, n), scaled);
            backend.multiply(Operand.of(scaled), Operand.transposed(vectors), product);
            product.read(0, n, values, 0);
            for (int i = 0; i < n * n; i++) {
                // written so that NaN fails
                if (!(Math.abs(values[i] - matrix[i]) < TOLERANCE)) {
                    throw new IllegalStateException("computes wrong numbers: an eigendecomposition of order " + n
                            + ", multiplied out, gave " + values[i] + " in place of " + matrix[i] + " ("
                            + backend.description() + ")");
                }
            }
        }
    }
}
