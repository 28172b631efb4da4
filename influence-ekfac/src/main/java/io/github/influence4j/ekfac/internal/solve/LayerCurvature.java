package io.github.influence4j.ekfac.internal.solve;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.Rows;
import java.util.List;
import java.util.Optional;

/**
 * The curvature of one layer, diagonal in a basis: vec⁻¹ ∘ G_ℓ ∘ vec = V ↦ Q_S[(Q_SᵀV Q_A) ∘ Λ]Q_Aᵀ.
 *
 * @param layer the layer
 * @param basis Q_A and Q_S; empty for the parameters' own coordinates
 * @param eigenvalues Λ, [o, i] in float64; empty for the identity
 * @param meanEigenvalue mean of Λ; 1 for the identity
 * @param leastEigenvalue least of Λ; 1 for the identity
 * @param largestEigenvalue largest of Λ; 1 for the identity
 */
public record LayerCurvature(
        LayerSpec layer,
        Optional<LayerEigenbasis> basis,
        Optional<BackendMatrix> eigenvalues,
        double meanEigenvalue,
        double leastEigenvalue,
        double largestEigenvalue)
        implements AutoCloseable {

    /**
     * Takes a layer's curvature over.
     *
     * @param layer the layer
     * @param basis Q_A and Q_S; owned by the result
     * @param eigenvalues Λ; owned by the result
     * @return the curvature, which the caller closes
     * @throws NumericalException if an eigenvalue is not finite, naming the layer
     */
    public static LayerCurvature of(
            LayerSpec layer, Optional<LayerEigenbasis> basis, Optional<BackendMatrix> eigenvalues) {
        if (eigenvalues.isEmpty()) {
            return new LayerCurvature(layer, basis, eigenvalues, 1, 1, 1);
        }
        BackendMatrix values = eigenvalues.get();
        int columns = values.columns();
        double[] sumLeastLargest = {0, Double.POSITIVE_INFINITY, 0};
        Rows.forEach(values, (o, numbers, offset) -> {
            for (int k = offset; k < offset + columns; k++) {
                double value = numbers[k];
                if (!Double.isFinite(value)) {
                    throw new NumericalException(
                            "layer " + layer.name() + ": an eigenvalue is " + value
                                    + "; its gradients are out of the range of the working precision, or the factors are damaged");
                }
                sumLeastLargest[0] += value;
                sumLeastLargest[1] = Math.min(sumLeastLargest[1], value);
                sumLeastLargest[2] = Math.max(sumLeastLargest[2], value);
            }
        });
        return new LayerCurvature(
                layer,
                basis,
                eigenvalues,
                sumLeastLargest[0] / layer.parameters(),
                sumLeastLargest[1],
                sumLeastLargest[2]);
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
     * Returns what the curvatures of some layers keep in memory.
     *
     * @param curvatures one of each layer
     * @return bytes
     */
    static double heldBytes(List<LayerCurvature> curvatures) {
        double vectors = LayerEigenbasis.heldBytes(
                curvatures.stream().flatMap(part -> part.basis.stream()).toList());
        return vectors
                + curvatures.stream()
                        .filter(part -> part.eigenvalues.isPresent())
                        .mapToDouble(part -> (double) Double.BYTES * part.layer.parameters())
                        .sum();
    }

    @Override
    public void close() {
        basis.ifPresent(LayerEigenbasis::close);
        eigenvalues.ifPresent(BackendMatrix::close);
    }
}
