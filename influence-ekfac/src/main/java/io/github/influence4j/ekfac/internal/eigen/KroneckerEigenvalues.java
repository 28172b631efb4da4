package io.github.influence4j.ekfac.internal.eigen;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;

/** K-FAC's eigenvalues, the products of those of the two covariances (paper, Eq. 17). */
public final class KroneckerEigenvalues {

    private KroneckerEigenvalues() {}

    /**
     * Computes scale · σ αᵀ.
     *
     * @param backend where the result lies
     * @param basis holds σ and α
     * @param scale factor of all eigenvalues
     * @return [o, i] in float64, which the caller closes
     */
    public static BackendMatrix of(MatrixBackend backend, LayerEigenbasis basis, double scale) {
        int columns = basis.activationValues().length;
        BackendMatrix product = backend.zeros(basis.gradientValues().length, columns, Precision.FLOAT64);
        double[] row = new double[columns];
        for (int o = 0; o < product.rows(); o++) {
            for (int i = 0; i < columns; i++) {
                row[i] = scale * basis.gradientValues()[o] * basis.activationValues()[i];
            }
            backend.upload(Matrix.of(row, 1, columns), product.rows(o, 1));
        }
        return product;
    }
}
