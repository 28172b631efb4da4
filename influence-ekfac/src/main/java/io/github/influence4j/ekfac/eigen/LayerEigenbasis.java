package io.github.influence4j.ekfac.eigen;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.linalg.BackendMatrix;

/**
 * The eigenvectors and eigenvalues of one layer's covariances: A = Q_A diag(α) Q_Aᵀ, S = Q_S diag(σ) Q_Sᵀ.
 *
 * @param layer the layer
 * @param activationVectors Q_A, [i, i] in the working precision, one eigenvector a column
 * @param activationValues α, i numbers, ascending, none negative
 * @param gradientVectors Q_S, [o, o] in the working precision, one eigenvector a column
 * @param gradientValues σ, o numbers, ascending, none negative
 */
@SuppressWarnings("ArrayRecordComponent") // never compared as a whole
public record LayerEigenbasis(
        LayerSpec layer,
        BackendMatrix activationVectors,
        double[] activationValues,
        BackendMatrix gradientVectors,
        double[] gradientValues)
        implements AutoCloseable {
    @Override
    public void close() {
        activationVectors.close();
        gradientVectors.close();
    }
}
