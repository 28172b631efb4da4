package io.github.influence4j.openblas.internal;

import static org.bytedeco.openblas.global.openblas_full.LAPACK_COL_MAJOR;

import io.github.influence4j.api.Precision;
import java.util.function.IntSupplier;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas_full;

/**
 * The eigenvectors of a symmetric matrix by LAPACK's steps: A = Q T Qᵀ with T tridiagonal ({@code dsytrd}), T = Z Λ Zᵀ by divide and
 * conquer ({@code dstedc}), and Q Z. They are those of {@code dsyevd}, which forms Q Z with 32 reflectors at a time; 128 at a time are
 * faster (of order 3,072 see docs/results/eigen.md).
 *
 * <p>Golub and Van Loan, Matrix Computations, 4th edition, sections 5.1.7 (products of reflectors) and 8.3.
 */
final class TridiagonalEigen {

    /** Reflectors that are applied together. */
    private static final int REFLECTORS = 128;

    private static final byte LOWER = 'L';
    private static final byte LEFT = 'L';
    private static final byte FORWARD = 'F';
    private static final byte BY_COLUMNS = 'C';
    private static final byte NOT_TRANSPOSED = 'N';
    private static final byte OF_TRIDIAGONAL = 'I';

    private TridiagonalEigen() {}

    /** Returns how many numbers it needs beside the matrix and the eigenvalues. */
    static long workspace(int n) {
        return 2L * n * n + 6L * n + 1 + (long) REFLECTORS * (n + REFLECTORS);
    }

    /** Replaces a packed symmetric matrix by its eigenvectors in columns, column-major, and fills the eigenvalues, ascending. */
    static int decompose(int n, DoublePointer matrix, DoublePointer values) {
        // of the C library, as matrices are: JavaCPP bounds its own by the Java heap
        Block vectors = HostBlock.allocate(Precision.FLOAT64, (long) n * n);
        Block work = HostBlock.allocate(Precision.FLOAT64, 2L * n + (long) REFLECTORS * (n + REFLECTORS));
        try {
            DoublePointer z = new DoublePointer(vectors.address());
            DoublePointer offDiagonal = new DoublePointer(work.address());
            DoublePointer scales = offDiagonal.getPointer(n);
            DoublePointer blocks = offDiagonal.getPointer(2L * n);
            return firstFailure(
                    () -> openblas_full.LAPACKE_dsytrd(
                            LAPACK_COL_MAJOR, LOWER, n, matrix, n, values, offDiagonal, scales),
                    () -> openblas_full.LAPACKE_dstedc(LAPACK_COL_MAJOR, OF_TRIDIAGONAL, n, values, offDiagonal, z, n),
                    () -> multiplyByReflectors(n, matrix, scales, blocks, z),
                    () -> {
                        Pointer.memcpy(matrix, z, (long) Double.BYTES * n * n);
                        return 0;
                    });
        } finally {
            vectors.free();
            work.free();
        }
    }

    private static int firstFailure(IntSupplier... steps) {
        for (IntSupplier step : steps) {
            int info = step.getAsInt();
            if (info != 0) {
                return info;
            }
        }
        return 0;
    }

    /**
     * Z = H(1) ⋯ H(n − 1) Z, the last blocks first; reflector k, below the diagonal of column k, changes rows from k + 1 on. Blocks take
     * memory for 128 · (n + 128) numbers.
     */
    private static int multiplyByReflectors(
            int n, DoublePointer reflectors, DoublePointer scales, DoublePointer memory, DoublePointer z) {
        int count = n - 1;
        DoublePointer work = memory.getPointer((long) REFLECTORS * REFLECTORS);
        for (int first = (count - 1) / REFLECTORS * REFLECTORS; first >= 0 && count > 0; first -= REFLECTORS) {
            int some = Math.min(REFLECTORS, count - first);
            int rows = count - first;
            DoublePointer block = reflectors.getPointer((long) first * n + first + 1);
            int info = openblas_full.LAPACKE_dlarft_work(
                    LAPACK_COL_MAJOR,
                    FORWARD,
                    BY_COLUMNS,
                    rows,
                    some,
                    block,
                    n,
                    scales.getPointer(first),
                    memory,
                    REFLECTORS);
            if (info == 0) {
                info = openblas_full.LAPACKE_dlarfb_work(
                        LAPACK_COL_MAJOR,
                        LEFT,
                        NOT_TRANSPOSED,
                        FORWARD,
                        BY_COLUMNS,
                        rows,
                        n,
                        some,
                        block,
                        n,
                        memory,
                        REFLECTORS,
                        z.getPointer(first + 1),
                        n,
                        work,
                        n);
            }
            if (info != 0) {
                return info;
            }
        }
        return 0;
    }
}
