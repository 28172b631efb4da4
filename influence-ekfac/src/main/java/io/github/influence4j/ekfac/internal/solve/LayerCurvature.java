package io.github.influence4j.ekfac.internal.solve;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.linalg.BackendMatrix;
import java.util.Optional;

/**
 * The curvature of one layer, diagonal in a basis: vec⁻¹ ∘ G_ℓ ∘ vec = V ↦ Q_S[(Q_SᵀV Q_A) ∘ Λ]Q_Aᵀ.
 *
 * @param layer the layer
 * @param basis Q_A and Q_S; empty for the parameters' own coordinates
 * @param eigenvalues Λ, [o, i] in float64; empty for the identity
 * @param meanEigenvalue mean of Λ; 1 for the identity
 * @param leastEigenvalue least of Λ; 1 for the identity
 */
public record LayerCurvature(
        LayerSpec layer,
        Optional<LayerEigenbasis> basis,
        Optional<BackendMatrix> eigenvalues,
        double meanEigenvalue,
        double leastEigenvalue)
        implements AutoCloseable {

    /**
     * Takes a layer's curvature over.
     *
     * @param layer the layer
     * @param basis Q_A and Q_S; owned by the result
     * @param eigenvalues Λ; owned by the result
     * @return the curvature, which the caller closes
     */
    public static LayerCurvature of(
            LayerSpec layer, Optional<LayerEigenbasis> basis, Optional<BackendMatrix> eigenvalues) {
        if (eigenvalues.isEmpty()) {
            return new LayerCurvature(layer, basis, eigenvalues, 1, 1);
        }
        BackendMatrix values = eigenvalues.get();
        double[] row = new double[values.columns()];
        double sum = 0;
        double least = Double.POSITIVE_INFINITY;
        for (int o = 0; o < values.rows(); o++) {
            values.read(o, 1, row, 0);
            for (double value : row) {
                sum += value;
                least = Math.min(least, value);
            }
        }
        return new LayerCurvature(layer, basis, eigenvalues, sum / layer.parameters(), least);
    }

    /**
     * Says whether every eigenvalue is 0, as it is where all gradients of the fit were 0 or all its positions masked.
     *
     * @return false for the identity
     */
    public boolean isDead() {
        return eigenvalues.isPresent() && meanEigenvalue == 0;
    }

    /**
     * Returns what this keeps in memory.
     *
     * @return bytes
     */
    public double heldBytes() {
        double vectors = basis.map(LayerEigenbasis::heldBytes).orElse(0.0);
        return vectors + (eigenvalues.isPresent() ? (double) Double.BYTES * layer.parameters() : 0);
    }

    @Override
    public void close() {
        basis.ifPresent(LayerEigenbasis::close);
        eigenvalues.ifPresent(BackendMatrix::close);
    }
}
