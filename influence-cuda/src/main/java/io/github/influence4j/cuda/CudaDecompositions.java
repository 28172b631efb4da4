package io.github.influence4j.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import io.github.influence4j.linalg.SymmetricEigen;
import io.github.influence4j.linalg.ThinSvd;
import io.github.influence4j.linalg.ejml.EjmlBackend;
import java.util.function.Consumer;

/**
 * Decompositions in float64 by cuSOLVER.
 *
 * <p>A row-major matrix is its transpose to cuSOLVER, and eigenvectors come out as rows; what is written here takes that into
 * account. Scratch memory is a matrix like any other, so that it counts and can run out like any other.
 */
final class CudaDecompositions {

    /** Order up to which a triangle is decomposed faster on the host than by the many small kernels of cuSOLVER. */
    private static final int HOST_ORDER = 64;

    private final CudaBackend backend;
    private final CudaDevice device;

    CudaDecompositions(CudaBackend backend, CudaDevice device) {
        this.backend = backend;
        this.device = device;
    }

    SymmetricEigen eigen(CudaMatrix symmetric) {
        int n = symmetric.rows();
        refuseNonFinite("eigen", symmetric);
        double[] ascending = new double[n];
        try (CudaMatrix rows = matrix(n, n)) {
            backend.upload(symmetric, rows);
            try (CudaMatrix values = matrix(1, n);
                    CudaMatrix info = matrix(1, 1)) {
                eigenRows(n, rows, values, info);
                int failed = read(info);
                if (failed != 0) {
                    throw new NumericalException("eigen: the iteration did not converge for a matrix of order " + n
                            + " (cuSOLVER's syevd answered " + failed + ")");
                }
                values.read(0, 1, ascending, 0);
            }
            // last, so that it need not lie beside the workspace
            CudaMatrix vectors = matrix(n, n);
            backend.transpose(rows, vectors);
            return new SymmetricEigen(ascending, vectors);
        }
    }

    /** Replaces a symmetric matrix by its eigenvectors, one a row. */
    private void eigenRows(int n, CudaMatrix matrix, CudaMatrix values, CudaMatrix info) {
        String what = "eigen: order " + n;
        LongByReference deviceBytes = new LongByReference();
        LongByReference hostBytes = new LongByReference();
        device.run(() -> Cusolver.check(
                Cusolver.cusolverDnXsyevd_bufferSize(
                        device.cusolver().handle(),
                        device.cusolver().parameters(),
                        Cusolver.VECTORS,
                        Cusolver.LOWER,
                        n,
                        Cusolver.FLOAT64,
                        matrix.address(),
                        n,
                        Cusolver.FLOAT64,
                        values.address(),
                        Cusolver.FLOAT64,
                        deviceBytes,
                        hostBytes),
                what));
        long bytes = Math.max(1, deviceBytes.getValue());
        long work = device.allocate(bytes, "the workspace of an eigendecomposition of order " + n);
        try (Memory host = new Memory(Math.max(1, hostBytes.getValue()))) {
            device.run(() -> {
                Cusolver.check(
                        Cusolver.cusolverDnXsyevd(
                                device.cusolver().handle(),
                                device.cusolver().parameters(),
                                Cusolver.VECTORS,
                                Cusolver.LOWER,
                                n,
                                Cusolver.FLOAT64,
                                matrix.address(),
                                n,
                                Cusolver.FLOAT64,
                                values.address(),
                                Cusolver.FLOAT64,
                                work,
                                deviceBytes.getValue(),
                                host,
                                hostBytes.getValue(),
                                info.address()),
                        what);
                // the host memory is in use until the work is done
                device.synchronize(what);
            });
        } finally {
            device.free(work, bytes);
        }
    }

    /**
     * M = QR, where M is the taller of the matrix and its transpose, then R = U_r diag(values) V_rᵀ, so that the left vectors of
     * M are Q U_r.
     */
    ThinSvd svd(CudaMatrix matrix) {
        int m = matrix.rows();
        int n = matrix.columns();
        int k = Math.min(m, n);
        boolean tall = m >= n;
        refuseNonFinite("svd", matrix);
        // rows of this are the columns of M, afterwards those of Q
        try (CudaMatrix columns = matrix(k, Math.max(m, n))) {
            if (tall) {
                backend.transpose(matrix, columns);
            } else {
                backend.upload(matrix, columns);
            }
            double[][] r = new double[1][];
            orthonormaliseRows(columns, reflected -> r[0] = readTriangle(reflected));
            try (ThinSvd core = decompose(k, r[0])) {
                return pair(m, n, k, (u, vt) -> {
                    if (tall) {
                        backend.multiply(Operand.transposed(columns), Operand.of(core.u()), u);
                        backend.upload(core.vt(), vt);
                    } else {
                        backend.transpose(CudaMatrix.on(device, core.vt()), u);
                        backend.multiply(Operand.transposed(core.u()), Operand.of(columns), vt);
                    }
                    return core.values();
                });
            }
        }
    }

    private interface Filling {
        /** Fills the vectors and returns the singular values. */
        double[] of(CudaMatrix u, CudaMatrix vt);
    }

    /** Makes room for singular vectors, which is given back if they cannot be filled. */
    private ThinSvd pair(int m, int n, int k, Filling filling) {
        CudaMatrix u = matrix(m, k);
        try {
            CudaMatrix vt = matrix(k, n);
            try {
                return new ThinSvd(u, filling.of(u, vt), vt);
            } catch (RuntimeException | Error e) {
                vt.close();
                throw e;
            }
        } catch (RuntimeException | Error e) {
            u.close();
            throw e;
        }
    }

    void orthonormalise(CudaMatrix matrix) {
        int m = matrix.rows();
        int n = matrix.columns();
        refuseNonFinite("orthonormalise", matrix);
        try (CudaMatrix columns = matrix(n, m)) {
            backend.transpose(matrix, columns);
            orthonormaliseRows(columns, reflected -> {});
            backend.transpose(columns, matrix);
        }
    }

    /**
     * Replaces k rows by orthonormal ones, Q's columns.
     *
     * @param triangle takes the rows when each begins with a column of R, below whose diagonal are the reflectors
     */
    private void orthonormaliseRows(CudaMatrix columns, Consumer<CudaMatrix> triangle) {
        int k = columns.rows();
        int length = columns.columns();
        String what = "QR: " + length + " x " + k;
        try (CudaMatrix tau = matrix(1, k);
                CudaMatrix info = matrix(1, 1)) {
            withWork(
                    what,
                    size -> Cusolver.cusolverDnDgeqrf_bufferSize(
                            device.cusolver().handle(), length, k, columns.address(), length, size),
                    (work, size) -> Cusolver.cusolverDnDgeqrf(
                            device.cusolver().handle(),
                            length,
                            k,
                            columns.address(),
                            length,
                            tau.address(),
                            work,
                            size,
                            info.address()));
            triangle.accept(columns);
            withWork(
                    what,
                    size -> Cusolver.cusolverDnDorgqr_bufferSize(
                            device.cusolver().handle(), length, k, k, columns.address(), length, tau.address(), size),
                    (work, size) -> Cusolver.cusolverDnDorgqr(
                            device.cusolver().handle(),
                            length,
                            k,
                            k,
                            columns.address(),
                            length,
                            tau.address(),
                            work,
                            size,
                            info.address()));
        }
    }

    /** R, [k, k] row-major, from the transposed one. */
    private static double[] readTriangle(CudaMatrix reflected) {
        int k = reflected.rows();
        double[] transposed = new double[k * k];
        reflected.view(0, k, 0, k).read(0, k, transposed, 0);
        double[] r = new double[k * k];
        for (int i = 0; i < k; i++) {
            for (int j = i; j < k; j++) {
                r[i * k + j] = transposed[j * k + i];
            }
        }
        return r;
    }

    private ThinSvd decompose(int k, double[] r) {
        Matrix matrix = Matrix.of(r, k, k);
        if (k > HOST_ORDER) {
            return decomposeOnCard(k, matrix);
        }
        try (MatrixBackend host = new EjmlBackend();
                ThinSvd svd = host.svd(host.copyOf(matrix, Precision.FLOAT64))) {
            return pair(k, k, k, (u, vt) -> {
                backend.upload(svd.u(), u);
                backend.upload(svd.vt(), vt);
                return svd.values();
            });
        }
    }

    /** What cuSOLVER gets is Rᵀ = V diag(values) Uᵀ, and its column-major V and Uᵀ are our Vᵀ and U. */
    private ThinSvd decomposeOnCard(int k, Matrix r) {
        return pair(k, k, k, (u, vt) -> decomposeOnCard(k, r, u, vt));
    }

    private double[] decomposeOnCard(int k, Matrix r, CudaMatrix u, CudaMatrix vt) {
        try (CudaMatrix work = matrix(k, k);
                CudaMatrix values = matrix(1, k);
                CudaMatrix info = matrix(1, 1)) {
            backend.upload(r, work);
            withWork(
                    "svd: order " + k,
                    size -> Cusolver.cusolverDnDgesvd_bufferSize(
                            device.cusolver().handle(), k, k, size),
                    (memory, size) -> Cusolver.cusolverDnDgesvd(
                            device.cusolver().handle(),
                            (byte) 'A',
                            (byte) 'A',
                            k,
                            k,
                            work.address(),
                            k,
                            values.address(),
                            vt.address(),
                            k,
                            u.address(),
                            k,
                            memory,
                            size,
                            Pointer.NULL,
                            info.address()));
            int failed = read(info);
            if (failed != 0) {
                throw new NumericalException("svd: the iteration did not converge for a matrix of order " + k
                        + " (cuSOLVER's gesvd answered " + failed + ")");
            }
            double[] descending = new double[k];
            values.read(0, 1, descending, 0);
            return descending;
        }
    }

    /** A = LLᵀ in column-major order is A = RᵀR in ours, with R = Lᵀ in the same memory. */
    void cholesky(CudaMatrix matrix) {
        int n = matrix.rows();
        try (CudaMatrix info = matrix(1, 1)) {
            withWork(
                    "cholesky: order " + n,
                    size -> Cusolver.cusolverDnDpotrf_bufferSize(
                            device.cusolver().handle(), Cusolver.LOWER, n, matrix.address(), n, size),
                    (work, size) -> Cusolver.cusolverDnDpotrf(
                            device.cusolver().handle(),
                            Cusolver.LOWER,
                            n,
                            matrix.address(),
                            n,
                            work,
                            size,
                            info.address()));
            int failed = read(info);
            // numbers that are not finite stop no factorisation, but always reach the diagonal
            if (failed != 0 || !backend.isFinite(matrix.diagonal())) {
                throw new NumericalException("cholesky: the matrix of order " + n
                        + " is not positive definite (cuSOLVER's potrf answered " + failed + ")");
            }
        }
    }

    private interface SizeCall {
        int into(IntByReference numbers);
    }

    private interface WorkCall {
        int with(long work, int numbers);
    }

    private void withWork(String what, SizeCall size, WorkCall call) {
        IntByReference numbers = new IntByReference();
        device.run(() -> Cusolver.check(size.into(numbers), what));
        try (CudaMatrix work = matrix(1, Math.max(1, numbers.getValue()))) {
            device.run(() -> Cusolver.check(call.with(work.address(), numbers.getValue()), what));
        }
    }

    private void refuseNonFinite(String operation, CudaMatrix matrix) {
        if (!backend.isFinite(matrix)) {
            throw new NumericalException(
                    operation + ": the matrix of " + matrix.layout() + " has numbers that are not finite");
        }
    }

    /** The 32-bit number at the start of a matrix. */
    private static int read(CudaMatrix info) {
        double[] number = new double[1];
        info.read(0, 1, number, 0);
        return (int) Double.doubleToRawLongBits(number[0]);
    }

    private CudaMatrix matrix(int rows, int columns) {
        return backend.uninitialised(rows, columns, Precision.FLOAT64);
    }
}
