package io.github.influence4j.ekfac.internal.eigen;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/**
 * The eigenvectors and eigenvalues of one layer's covariances: A = Q_A diag(α) Q_Aᵀ, S = Q_S diag(σ) Q_Sᵀ. Where the
 * covariances were split into diagonal blocks, so are the eigenvectors.
 *
 * <p>Layers that read the same input have the same Q_A and α, in the same memory: whoever closes the basis of one of them closes
 * those of all.
 *
 * @param layer the layer
 * @param activationVectors Q_A, [i, i] in the working precision, one eigenvector a column
 * @param activationValues α, i numbers, ascending within each block, none negative
 * @param gradientVectors Q_S, [o, o] in the working precision, one eigenvector a column
 * @param gradientValues σ, o numbers, ascending within each block, none negative
 */
@SuppressWarnings("ArrayRecordComponent") // never compared as a whole
public record LayerEigenbasis(
        LayerSpec layer,
        BlockDiagonal activationVectors,
        double[] activationValues,
        BlockDiagonal gradientVectors,
        double[] gradientValues)
        implements AutoCloseable {
    /**
     * Returns O, into how many diagonal blocks the covariances were cut.
     *
     * @return 1 for none; of two covariances that are smaller than the asked number of blocks, the larger
     */
    public int blocks() {
        return Math.max(
                activationVectors.blocks().size(), gradientVectors.blocks().size());
    }

    /**
     * Returns what bases keep in memory, a Q_A of several layers once.
     *
     * @param bases the bases
     * @return bytes
     */
    public static double heldBytes(Collection<LayerEigenbasis> bases) {
        Set<BlockDiagonal> held = Collections.newSetFromMap(new IdentityHashMap<>());
        for (LayerEigenbasis basis : bases) {
            held.add(basis.activationVectors());
            held.add(basis.gradientVectors());
        }
        return held.stream().mapToDouble(BlockDiagonal::heldBytes).sum();
    }

    @Override
    public void close() {
        activationVectors.close();
        gradientVectors.close();
    }
}
