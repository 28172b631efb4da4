package io.github.influence4j.cuda;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import io.github.influence4j.linalg.DeviceMemoryException;

/** The functions of cuBLAS that are used, under NVIDIA's names. Matrices are column-major. */
final class Cublas {

    static final int NO_TRANSPOSE = 0;
    static final int TRANSPOSE = 1;
    static final int LOWER = 0;
    static final int RIGHT = 1;
    static final int NON_UNIT = 0;
    static final int DEFAULT_MATH = 0;
    static final int TF32_MATH = 3;

    private static final int ALLOCATION_FAILED = 3;

    private Cublas() {}

    static void bind(NativeLibrary library) {
        com.sun.jna.Native.register(Cublas.class, library);
    }

    static native int cublasCreate_v2(LongByReference handle);

    static native int cublasSetStream_v2(long handle, long stream);

    static native int cublasSetMathMode(long handle, int mode);

    static native int cublasGetVersion_v2(long handle, IntByReference version);

    static native int cublasSgemm_v2(
            long handle,
            int transA,
            int transB,
            int m,
            int n,
            int k,
            Pointer alpha,
            long a,
            int lda,
            long b,
            int ldb,
            Pointer beta,
            long c,
            int ldc);

    static native int cublasDgemm_v2(
            long handle,
            int transA,
            int transB,
            int m,
            int n,
            int k,
            Pointer alpha,
            long a,
            int lda,
            long b,
            int ldb,
            Pointer beta,
            long c,
            int ldc);

    static native int cublasSgemmStridedBatched(
            long handle,
            int transA,
            int transB,
            int m,
            int n,
            int k,
            Pointer alpha,
            long a,
            int lda,
            long strideA,
            long b,
            int ldb,
            long strideB,
            Pointer beta,
            long c,
            int ldc,
            long strideC,
            int members);

    static native int cublasDgemmStridedBatched(
            long handle,
            int transA,
            int transB,
            int m,
            int n,
            int k,
            Pointer alpha,
            long a,
            int lda,
            long strideA,
            long b,
            int ldb,
            long strideB,
            Pointer beta,
            long c,
            int ldc,
            long strideC,
            int members);

    static native int cublasSsyrk_v2(
            long handle,
            int triangle,
            int trans,
            int n,
            int k,
            Pointer alpha,
            long a,
            int lda,
            Pointer beta,
            long c,
            int ldc);

    static native int cublasDsyrk_v2(
            long handle,
            int triangle,
            int trans,
            int n,
            int k,
            Pointer alpha,
            long a,
            int lda,
            Pointer beta,
            long c,
            int ldc);

    static native int cublasDtrsm_v2(
            long handle,
            int side,
            int triangle,
            int trans,
            int diagonal,
            int m,
            int n,
            Pointer alpha,
            long a,
            int lda,
            long b,
            int ldb);

    /**
     * Throws unless a call succeeded.
     *
     * @param operation what was done, with sizes
     */
    static void check(int status, String operation) {
        if (status == ALLOCATION_FAILED) {
            throw new DeviceMemoryException(operation, "cuBLAS");
        }
        if (status != 0) {
            throw new IllegalStateException(operation + ": cuBLAS answered status " + status
                    + switch (status) {
                        case 1 -> ", not initialised";
                        case 7 -> ", invalid value";
                        case 13 -> ", execution failed";
                        default -> "";
                    });
        }
    }
}
