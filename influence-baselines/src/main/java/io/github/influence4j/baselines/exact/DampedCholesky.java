package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.Arrays;

/** The Cholesky factor of a damped matrix, refused where rounding has taken the place of the damping. */
final class DampedCholesky implements AutoCloseable {

    /** Rows of the diagonal blocks that are read to the host at a time. */
    private static final int DIAGONAL_BLOCK = 256;

    private final MatrixBackend backend;
    private final BackendMatrix factor;

    private DampedCholesky(MatrixBackend backend, BackendMatrix factor) {
        this.backend = backend;
        this.factor = factor;
    }

    /**
     * Factorises in place and takes the matrix over.
     *
     * @param damped [n, n], float64, upper triangle filled; closed here if it is refused
     * @param what names the matrix, its sizes and its damping in errors
     */
    static DampedCholesky of(MatrixBackend backend, BackendMatrix damped, String what) {
        try {
            double largest = Arrays.stream(diagonal(damped)).max().orElse(0);
            factorise(backend, damped, what);
            double smallestRoot = Arrays.stream(diagonal(damped)).min().orElse(0);
            double smallest = smallestRoot * smallestRoot;
            // A pivot of a singular matrix is not 0 but what rounding leaves: n roundoffs of the largest at most.
            double rounding = damped.rows() * Precision.FLOAT64.unitRoundoff() * largest;
            if (!(smallest > rounding)) {
                throw new NumericalException(what + " is singular to working precision: smallest pivot " + smallest
                        + ", rounding " + rounding + "; use a larger damping");
            }
            return new DampedCholesky(backend, damped);
        } catch (RuntimeException e) {
            damped.close();
            throw e;
        }
    }

    private static void factorise(MatrixBackend backend, BackendMatrix damped, String what) {
        try {
            backend.cholesky(damped);
        } catch (NumericalException e) {
            NumericalException named =
                    new NumericalException(what + " is not positive definite; use a larger damping: " + e.getMessage());
            named.initCause(e);
            throw named;
        }
    }

    /** Reads a diagonal by blocks, so that no more than a band of the matrix comes to the host. */
    static double[] diagonal(BackendMatrix matrix) {
        double[] diagonal = new double[matrix.rows()];
        double[] block = new double[DIAGONAL_BLOCK * DIAGONAL_BLOCK];
        for (int first = 0; first < diagonal.length; first += DIAGONAL_BLOCK) {
            int count = Math.min(DIAGONAL_BLOCK, diagonal.length - first);
            matrix.view(first, count, first, count).read(0, count, block, 0);
            for (int k = 0; k < count; k++) {
                diagonal[first + k] = block[k * count + k];
            }
        }
        return diagonal;
    }

    /** Overwrites right-hand sides, [n, q], by solutions. */
    void solve(BackendMatrix rightHandSides) {
        backend.choleskySolve(factor, rightHandSides);
    }

    @Override
    public void close() {
        factor.close();
    }
}
