package io.github.influence4j.cuda;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import io.github.influence4j.linalg.DeviceMemoryException;

/** The functions of cuSOLVER that are used, under NVIDIA's names. Matrices are column-major, in float64. */
final class Cusolver {

    static final int VECTORS = 1;
    static final int LOWER = 0;
    static final int FLOAT64 = 1;

    private static final int ALLOCATION_FAILED = 2;

    private Cusolver() {}

    static void bind(NativeLibrary library) {
        com.sun.jna.Native.register(Cusolver.class, library);
    }

    static native int cusolverDnCreate(LongByReference handle);

    static native int cusolverDnSetStream(long handle, long stream);

    static native int cusolverDnCreateParams(LongByReference parameters);

    static native int cusolverDnXsyevd_bufferSize(
            long handle,
            long parameters,
            int vectors,
            int triangle,
            long n,
            int typeA,
            long a,
            long lda,
            int typeW,
            long w,
            int computeType,
            LongByReference deviceBytes,
            LongByReference hostBytes);

    static native int cusolverDnXsyevd(
            long handle,
            long parameters,
            int vectors,
            int triangle,
            long n,
            int typeA,
            long a,
            long lda,
            int typeW,
            long w,
            int computeType,
            long deviceWork,
            long deviceBytes,
            Pointer hostWork,
            long hostBytes,
            long info);

    static native int cusolverDnDpotrf_bufferSize(
            long handle, int triangle, int n, long a, int lda, IntByReference numbers);

    static native int cusolverDnDpotrf(
            long handle, int triangle, int n, long a, int lda, long work, int numbers, long info);

    static native int cusolverDnDgeqrf_bufferSize(long handle, int m, int n, long a, int lda, IntByReference numbers);

    static native int cusolverDnDgeqrf(
            long handle, int m, int n, long a, int lda, long tau, long work, int numbers, long info);

    static native int cusolverDnDorgqr_bufferSize(
            long handle, int m, int n, int k, long a, int lda, long tau, IntByReference numbers);

    static native int cusolverDnDorgqr(
            long handle, int m, int n, int k, long a, int lda, long tau, long work, int numbers, long info);

    static native int cusolverDnDgesvd_bufferSize(long handle, int m, int n, IntByReference numbers);

    static native int cusolverDnDgesvd(
            long handle,
            byte jobU,
            byte jobVt,
            int m,
            int n,
            long a,
            int lda,
            long s,
            long u,
            int ldu,
            long vt,
            int ldvt,
            long work,
            int numbers,
            Pointer realWork,
            long info);

    /**
     * Throws unless a call succeeded.
     *
     * @param operation what was done, with sizes
     */
    static void check(int status, String operation) {
        if (status == ALLOCATION_FAILED) {
            throw new DeviceMemoryException(operation, "cuSOLVER");
        }
        if (status != 0) {
            throw new IllegalStateException(operation + ": cuSOLVER answered status " + status
                    + switch (status) {
                        case 1 -> ", not initialised";
                        case 3 -> ", invalid value";
                        case 6 -> ", execution failed";
                        case 7 -> ", internal error";
                        default -> "";
                    });
        }
    }
}
