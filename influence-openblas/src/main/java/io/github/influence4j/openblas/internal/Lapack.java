package io.github.influence4j.openblas.internal;

import static org.bytedeco.openblas.global.openblas_full.CblasLeft;
import static org.bytedeco.openblas.global.openblas_full.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_full.CblasNonUnit;
import static org.bytedeco.openblas.global.openblas_full.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_full.CblasTrans;
import static org.bytedeco.openblas.global.openblas_full.CblasUpper;
import static org.bytedeco.openblas.global.openblas_full.LAPACK_COL_MAJOR;

import io.github.influence4j.api.NumericalException;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.openblas.global.openblas_full;

/**
 * LAPACK on packed row-major matrices in host memory. LAPACK is always called column-major, where our matrices are their
 * own transposes, so that it makes no hidden copies.
 */
final class Lapack {

    /** Largest order whose workspace of 1 + 6n + 2n² numbers LAPACK can count in 32 bits. */
    static final int MAX_EIGEN_ORDER = 32_766;

    /** Largest smaller dimension whose SVD workspace, at most 8 of its squares, LAPACK can count in 32 bits. */
    static final int MAX_SVD_ORDER = 16_000;

    private Lapack() {}

    static void checkEigenOrder(int n) {
        if (n > MAX_EIGEN_ORDER) {
            throw new IllegalArgumentException("eigen: LAPACK with 32-bit integers takes matrices up to order "
                    + MAX_EIGEN_ORDER + ", found " + n);
        }
    }

    static void checkSvdOrder(int m, int n) {
        if (Math.min(m, n) > MAX_SVD_ORDER) {
            throw new IllegalArgumentException(
                    "svd: LAPACK with 32-bit integers takes matrices whose smaller dimension is" + " at most "
                            + MAX_SVD_ORDER + ", found " + m + " x " + n);
        }
    }

    /** Replaces a symmetric matrix by its eigenvectors in columns and returns the eigenvalues, ascending. */
    static double[] eigen(int n, DoublePointer matrix) {
        int exponent = normalise("eigen", n, n, matrix);
        long workspace = Double.BYTES * TridiagonalEigen.workspace(n);
        MatrixMemory.add(workspace);
        try (DoublePointer values = new DoublePointer(n)) {
            check(
                    "eigen",
                    n,
                    n,
                    ThreadUse.ofProcess().forDecomposition(() -> TridiagonalEigen.decompose(n, matrix, values)));
            HostElementwise.transpose(n, matrix);
            return scaledBack(values, n, exponent);
        } finally {
            MatrixMemory.remove(workspace);
        }
    }

    /** Overwrites a matrix [m, n], fills u [m, k] and vt [k, n], and returns the singular values, descending. */
    static double[] svd(int m, int n, DoublePointer matrix, DoublePointer u, DoublePointer vt) {
        int k = Math.min(m, n);
        int exponent = normalise("svd", m, n, matrix);
        long workspace = Double.BYTES * (7L * k + 4L * k * k);
        MatrixMemory.add(workspace);
        try (DoublePointer values = new DoublePointer(k)) {
            // Column-major this is Mᵀ = V S Uᵀ: LAPACK's left vectors are our right ones.
            check(
                    "svd",
                    m,
                    n,
                    ThreadUse.ofProcess()
                            .forDecomposition(() -> openblas_full.LAPACKE_dgesdd(
                                    LAPACK_COL_MAJOR, (byte) 'S', n, m, matrix, n, values, vt, n, u, k)));
            return scaledBack(values, k, exponent);
        } finally {
            MatrixMemory.remove(workspace);
        }
    }

    /** Replaces the upper triangle by the factor R of RᵀR. */
    static void cholesky(int n, DoublePointer matrix) {
        // Column-major the upper triangle is the lower one, and L = Rᵀ.
        int info = ThreadUse.ofProcess()
                .forDecomposition(() -> openblas_full.LAPACKE_dpotrf(LAPACK_COL_MAJOR, (byte) 'L', n, matrix, n));
        if (info != 0) {
            throw new NumericalException("cholesky: the matrix of order " + n + " is not positive definite"
                    + (info > 0 ? ": its leading minor of order " + info + " is not positive" : ""));
        }
    }

    /** Solves RᵀR x = y in place for y of [n, k]. */
    static void choleskySolve(int n, int k, DoublePointer factor, DoublePointer y) {
        for (int transpose : new int[] {CblasTrans, CblasNoTrans}) {
            ThreadUse.ofProcess()
                    .forProduct(
                            (double) n * n * k,
                            () -> openblas_full.cblas_dtrsm(
                                    CblasRowMajor,
                                    CblasLeft,
                                    CblasUpper,
                                    transpose,
                                    CblasNonUnit,
                                    n,
                                    k,
                                    1,
                                    factor,
                                    n,
                                    y,
                                    k));
        }
    }

    /** Divides by the power of two next to the largest magnitude, which is exact, and returns its exponent. */
    private static int normalise(String operation, int m, int n, DoublePointer matrix) {
        double largest = openblas_full.LAPACKE_dlange(LAPACK_COL_MAJOR, (byte) 'M', n, m, matrix, n);
        // LAPACKE answers NaN in the matrix with a negative number
        if (!(largest >= 0 && largest < Double.POSITIVE_INFINITY)) {
            throw new NumericalException(
                    operation + ": the matrix of " + m + " x " + n + " has NaN or infinite elements");
        }
        if (largest == 0) {
            return 0;
        }
        int exponent = Math.getExponent(largest);
        openblas_full.LAPACKE_dlascl(LAPACK_COL_MAJOR, (byte) 'G', 0, 0, Math.scalb(1.0, exponent), 1, n, m, matrix, n);
        return exponent;
    }

    private static double[] scaledBack(DoublePointer values, int count, int exponent) {
        double[] result = new double[count];
        values.get(result);
        for (int i = 0; i < count; i++) {
            result[i] = Math.scalb(result[i], exponent);
        }
        return result;
    }

    private static void check(String operation, int m, int n, int info) {
        if (info > 0) {
            throw new NumericalException(
                    operation + ": the iteration did not converge for a matrix of " + m + " x " + n);
        }
        if (info < 0) {
            throw new IllegalStateException(operation + ": LAPACK answered " + info + " for a matrix of " + m + " x "
                    + n + (info <= -1010 ? ": no memory for its workspace" : ""));
        }
    }
}
