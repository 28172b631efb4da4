package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;

/** Solves with the Cholesky factor of G + diag(λ); 2D² flops a vector. */
record ExplicitSolver(MatrixBackend backend, int parameters, DampedCholesky factor) implements BlockSolver {

    @Override
    public void solve(double[][] vectors, int offset) {
        int q = vectors.length;
        double[] columns = new double[Math.multiplyExact(parameters, q)];
        for (int j = 0; j < q; j++) {
            for (int k = 0; k < parameters; k++) {
                columns[k * q + j] = vectors[j][offset + k];
            }
        }
        try (BackendMatrix right = backend.copyOf(Matrix.of(columns, parameters, q), Precision.FLOAT64)) {
            factor.solve(right);
            right.read(0, parameters, columns, 0);
        }
        for (int j = 0; j < q; j++) {
            for (int k = 0; k < parameters; k++) {
                vectors[j][offset + k] = columns[k * q + j];
            }
        }
    }

    @Override
    public void close() {
        factor.close();
    }
}
