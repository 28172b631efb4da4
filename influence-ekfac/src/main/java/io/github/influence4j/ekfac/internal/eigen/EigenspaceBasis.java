package io.github.influence4j.ekfac.internal.eigen;

import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import io.github.influence4j.linalg.SymmetricEigen;
import java.util.List;

/**
 * Chooses the basis of {@link Eigenspace}s: the one in which a second matrix is diagonal too, which no rounding and no backend can
 * change. Covariances remain diagonal in it.
 */
public final class EigenspaceBasis {

    private EigenspaceBasis() {}

    /**
     * Replaces the eigenvectors V of each space by V R, where R has the eigenvectors of VᵀMV. Costs 2n²m + 4nm² + 9m³ flops for m
     * directions of n.
     *
     * @param backend where the matrices lie
     * @param vectors eigenvectors, in the working precision; those of the spaces are replaced
     * @param spaces the spaces
     * @param moment M, symmetric, in float64, in as many blocks
     * @return how many directions M does not tell apart either
     * @throws io.github.influence4j.api.NumericalException if a decomposition fails
     */
    public static int choose(
            MatrixBackend backend, BlockDiagonal vectors, List<Eigenspace> spaces, BlockDiagonal moment) {
        int undecided = 0;
        for (Eigenspace space : spaces) {
            BackendMatrix block = vectors.blocks().get(space.block());
            BackendMatrix own = block.view(0, block.rows(), space.first(), space.size());
            undecided += choose(backend, own, moment.blocks().get(space.block()));
        }
        return undecided;
    }

    private static int choose(MatrixBackend backend, BackendMatrix own, BackendMatrix moment) {
        int n = own.rows();
        int m = own.columns();
        try (BackendMatrix exact = backend.copyOf(own, Precision.FLOAT64);
                BackendMatrix product = backend.zeros(n, m, Precision.FLOAT64);
                BackendMatrix restricted = backend.zeros(m, m, Precision.FLOAT64)) {
            backend.multiply(Operand.of(moment), Operand.of(exact), product);
            backend.multiply(Operand.transposed(exact), Operand.of(product), restricted);
            backend.mirrorUpper(restricted);
            try (SymmetricEigen chosen = backend.eigen(restricted)) {
                backend.multiply(Operand.of(exact), Operand.of(chosen.vectors()), product);
                backend.upload(product, own);
                return Eigenspace.directions(Eigenspace.ofBlock(0, chosen.values(), backend.precision()));
            }
        }
    }
}
