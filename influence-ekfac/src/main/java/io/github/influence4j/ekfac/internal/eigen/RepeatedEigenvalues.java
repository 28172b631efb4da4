package io.github.influence4j.ekfac.internal.eigen;

import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import io.github.influence4j.linalg.BackendMatrix;

/**
 * Eigenvalues of a covariance that rounding does not tell apart. Any orthonormal basis of their common space has them, rounding chooses
 * one, and what is measured in that basis depends on the choice, which differs from backend to backend.
 */
public final class RepeatedEigenvalues {

    /** Times the roundoff and the largest eigenvalue: what a decomposition of a small covariance is off by. */
    private static final double LEAST_ERROR = 8;

    /** Where the error is a larger share of the eigenvalue than one in so many, neighbours are close by chance. */
    private static final double CLEAR = 1000;

    private RepeatedEigenvalues() {}

    /**
     * Counts eigenvalues that are equal to a neighbour within the same block but for rounding, and clearly above it.
     *
     * @param vectors the eigenvectors, for the blocks
     * @param values the eigenvalues, ascending within each block
     * @param precision of the fit
     * @return how many there are; 0 or at least 2
     */
    public static int count(BlockDiagonal vectors, double[] values, Precision precision) {
        double roundoff = precision == Precision.FLOAT32 ? 0x1p-24 : 0x1p-53;
        int count = 0;
        int start = 0;
        for (BackendMatrix block : vectors.blocks()) {
            int end = start + block.columns();
            double error = Math.max(LEAST_ERROR, Math.sqrt(block.columns())) * roundoff * values[end - 1];
            for (int k = start; k < end; k++) {
                boolean before = k > start && values[k] - values[k - 1] <= error;
                boolean after = k + 1 < end && values[k + 1] - values[k] <= error;
                count += values[k] > CLEAR * error && (before || after) ? 1 : 0;
            }
            start = end;
        }
        return count;
    }
}
