package io.github.influence4j.openblas.internal;

import static org.bytedeco.openblas.global.openblas_full.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_full.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_full.CblasTrans;
import static org.bytedeco.openblas.global.openblas_full.CblasUpper;
import static org.bytedeco.openblas.global.openblas_full.LAPACK_COL_MAJOR;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.Operand;
import java.util.function.Consumer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas_full;

/** Calls OpenBLAS on host memory. */
public final class BlasKernels implements Kernels {

    /** Segments of a row from which BLAS multiplies them faster than a loop does. */
    private static final int MATRIX_SEGMENTS = 4;

    private final String backend;
    private final MemoryPool memory;

    /**
     * Makes the kernels, with a pool of their own.
     *
     * @param backend name of the backend that they are of
     * @param source where host memory comes from
     */
    public BlasKernels(String backend, Block.Source source) {
        this.backend = backend;
        this.memory = new MemoryPool(MemoryPool.LIMIT, MemoryPool.ABOVE_USE, source);
    }

    /**
     * Makes the kernels on memory of the C library.
     *
     * @param backend name of the backend that they are of
     * @return the kernels
     */
    public static BlasKernels onOwnMemory(String backend) {
        return new BlasKernels(backend, HostBlock::allocate);
    }

    @Override
    public String backend() {
        return backend;
    }

    @Override
    public MemoryPool memory() {
        return memory;
    }

    @Override
    public void multiply(
            double alpha,
            NativeMatrix a,
            boolean aTransposed,
            NativeMatrix b,
            boolean bTransposed,
            double beta,
            NativeMatrix c) {
        int inner = aTransposed ? a.rows() : a.columns();
        if (!aTransposed && bTransposed && ThinProducts.has(c.rows(), c.columns(), inner)) {
            ThinProducts.multiply(alpha, a, b, beta, c);
            return;
        }
        ThreadUse.ofProcess()
                .forProduct(
                        (double) inner * c.rows() * c.columns(),
                        () -> multiplyNow(alpha, a, aTransposed, b, bTransposed, beta, c));
    }

    /** Members too small to be shared between cores are divided among the cores instead, if there is enough work in all. */
    @Override
    public void multiplyBatch(int members, double alpha, Operand a, Operand b, double beta, NativeMatrix c) {
        double inner = a.transposed() ? a.matrix().rows() : a.matrix().columns();
        double member = inner / (a.transposed() && !a.shared() ? members : 1) * c.rows() / members * c.columns();
        int cores = ThreadUse.ofProcess().coresForBatch(members, member);
        ThreadUse.ofProcess().inParallel(cores, core -> {
            int first = (int) ((long) members * core / cores);
            int count = (int) ((long) members * (core + 1) / cores) - first;
            Kernels.super.multiplyBatch(
                    count,
                    alpha,
                    part(members, first, count, a),
                    part(members, first, count, b),
                    beta,
                    c.rows(c.rows() / members * first, c.rows() / members * count));
        });
    }

    private static Operand part(int members, int first, int count, Operand operand) {
        BackendMatrix matrix = operand.matrix();
        int rows = matrix.rows() / members;
        return operand.shared()
                ? operand
                : new Operand(matrix.rows(rows * first, rows * count), operand.transposed(), false);
    }

    private static void multiplyNow(
            double alpha,
            NativeMatrix a,
            boolean aTransposed,
            NativeMatrix b,
            boolean bTransposed,
            double beta,
            NativeMatrix c) {
        if (c.columns() == 1) {
            // c = op(a) b
            multiplyVector(
                    alpha, a, aTransposed, b, bTransposed ? 1 : b.stride(), beta, c, c.rows() == 1 ? 1 : c.stride());
        } else if (c.rows() == 1) {
            // cᵀ = op(b)ᵀ aᵀ
            multiplyVector(alpha, b, !bTransposed, a, aTransposed ? a.stride() : 1, beta, c, 1);
        } else {
            multiplyMatrix(alpha, a, aTransposed, b, bTransposed, beta, c);
        }
    }

    static void multiplyMatrix(
            double alpha,
            NativeMatrix a,
            boolean aTransposed,
            NativeMatrix b,
            boolean bTransposed,
            double beta,
            NativeMatrix c) {
        int m = c.rows();
        int n = c.columns();
        int k = aTransposed ? a.rows() : a.columns();
        int ta = aTransposed ? CblasTrans : CblasNoTrans;
        int tb = bTransposed ? CblasTrans : CblasNoTrans;
        if (c.precision() == Precision.FLOAT32) {
            openblas_full.cblas_sgemm(
                    CblasRowMajor,
                    ta,
                    tb,
                    m,
                    n,
                    k,
                    (float) alpha,
                    a.floats(),
                    a.stride(),
                    b.floats(),
                    b.stride(),
                    (float) beta,
                    c.floats(),
                    c.stride());
        } else {
            openblas_full.cblas_dgemm(
                    CblasRowMajor,
                    ta,
                    tb,
                    m,
                    n,
                    k,
                    alpha,
                    a.doubles(),
                    a.stride(),
                    b.doubles(),
                    b.stride(),
                    beta,
                    c.doubles(),
                    c.stride());
        }
    }

    /** y = alpha op(a) x + beta y, where x and y are the vectors that start with those matrices. */
    private static void multiplyVector(
            double alpha,
            NativeMatrix a,
            boolean transposed,
            NativeMatrix x,
            int xStep,
            double beta,
            NativeMatrix y,
            int yStep) {
        int t = transposed ? CblasTrans : CblasNoTrans;
        if (y.precision() == Precision.FLOAT32) {
            openblas_full.cblas_sgemv(
                    CblasRowMajor,
                    t,
                    a.rows(),
                    a.columns(),
                    (float) alpha,
                    a.floats(),
                    a.stride(),
                    x.floats(),
                    xStep,
                    (float) beta,
                    y.floats(),
                    yStep);
        } else {
            openblas_full.cblas_dgemv(
                    CblasRowMajor,
                    t,
                    a.rows(),
                    a.columns(),
                    alpha,
                    a.doubles(),
                    a.stride(),
                    x.doubles(),
                    xStep,
                    beta,
                    y.doubles(),
                    yStep);
        }
    }

    /** Where the order allows, each core computes rows of the triangle by itself, which OpenBLAS's own division is up to 1.7 times as slow as. */
    @Override
    public void rankUpdate(double alpha, NativeMatrix a, double beta, NativeMatrix c) {
        int n = c.rows();
        double half = 0.5 * a.rows() * n * n;
        int cores = ThreadUse.ofProcess().coresForTriangle(n, half);
        if (cores == 1) {
            ThreadUse.ofProcess().forProduct(half, () -> rankUpdateNow(alpha, a, beta, c));
            return;
        }
        int[] bounds = TriangleBands.of(n, cores);
        ThreadUse.ofProcess().inParallel(cores, core -> {
            int first = bounds[core];
            int count = bounds[core + 1] - first;
            int right = n - first - count;
            NativeMatrix own = a.view(0, a.rows(), first, count);
            rankUpdateNow(alpha, own, beta, c.view(first, count, first, count));
            if (right > 0) {
                NativeMatrix others = a.view(0, a.rows(), first + count, right);
                multiplyNow(alpha, own, true, others, false, beta, c.view(first, count, first + count, right));
            }
        });
    }

    private static void rankUpdateNow(double alpha, NativeMatrix a, double beta, NativeMatrix c) {
        int n = a.columns();
        int k = a.rows();
        if (c.precision() == Precision.FLOAT32) {
            openblas_full.cblas_ssyrk(
                    CblasRowMajor,
                    CblasUpper,
                    CblasTrans,
                    n,
                    k,
                    (float) alpha,
                    a.floats(),
                    a.stride(),
                    (float) beta,
                    c.floats(),
                    c.stride());
        } else {
            openblas_full.cblas_dsyrk(
                    CblasRowMajor,
                    CblasUpper,
                    CblasTrans,
                    n,
                    k,
                    alpha,
                    a.doubles(),
                    a.stride(),
                    beta,
                    c.doubles(),
                    c.stride());
        }
    }

    @Override
    public void clear(NativeMatrix matrix) {
        long bytes =
                (long) matrix.rows() * matrix.columns() * matrix.precision().bytes();
        Pointer.memset(matrix.precision() == Precision.FLOAT32 ? matrix.floats() : matrix.doubles(), 0, bytes);
    }

    @Override
    public void write(float[] numbers, NativeMatrix target) {
        FloatPointer address = target.floats();
        int runs = target.packed() ? 1 : target.rows();
        int length = target.rows() * target.columns() / runs;
        for (int r = 0; r < runs; r++) {
            address.getPointer((long) r * target.stride()).put(numbers, r * length, length);
        }
    }

    @Override
    public void write(double[] numbers, NativeMatrix target) {
        DoublePointer address = target.doubles();
        int runs = target.packed() ? 1 : target.rows();
        int length = target.rows() * target.columns() / runs;
        for (int r = 0; r < runs; r++) {
            address.getPointer((long) r * target.stride()).put(numbers, r * length, length);
        }
    }

    @Override
    public void read(NativeMatrix source, float[] target, int offset) {
        FloatPointer address = source.floats();
        int runs = source.packed() ? 1 : source.rows();
        int length = source.rows() * source.columns() / runs;
        for (int r = 0; r < runs; r++) {
            address.getPointer((long) r * source.stride()).get(target, offset + r * length, length);
        }
    }

    @Override
    public void read(NativeMatrix source, double[] target, int offset) {
        DoublePointer address = source.doubles();
        int runs = source.packed() ? 1 : source.rows();
        int length = source.rows() * source.columns() / runs;
        for (int r = 0; r < runs; r++) {
            address.getPointer((long) r * source.stride()).get(target, offset + r * length, length);
        }
    }

    @Override
    public void convert(NativeMatrix source, NativeMatrix target) {
        if (source.precision() != target.precision()) {
            HostElementwise.convert(source, target);
        } else if (source.packed() && target.packed()) {
            boolean single = source.precision() == Precision.FLOAT32;
            Pointer.memcpy(
                    single ? target.floats() : target.doubles(),
                    single ? source.floats() : source.doubles(),
                    source.layout().size() * source.precision().bytes());
        } else {
            copyRows(source, target);
        }
    }

    /** Column-major, our rows are LAPACK's columns. Not omatcopy, which is not in every BLAS. */
    private static void copyRows(NativeMatrix source, NativeMatrix target) {
        int m = source.columns();
        int n = source.rows();
        if (source.precision() == Precision.FLOAT32) {
            openblas_full.LAPACKE_slacpy_work(
                    LAPACK_COL_MAJOR,
                    (byte) 'A',
                    m,
                    n,
                    source.floats(),
                    source.stride(),
                    target.floats(),
                    target.stride());
        } else {
            openblas_full.LAPACKE_dlacpy_work(
                    LAPACK_COL_MAJOR,
                    (byte) 'A',
                    m,
                    n,
                    source.doubles(),
                    source.stride(),
                    target.doubles(),
                    target.stride());
        }
    }

    @Override
    public boolean sumIsFinite(NativeMatrix matrix) {
        int count = (int) matrix.layout().size();
        double[] sum = new double[1];
        // a number takes about as long as four multiplications of a product
        ThreadUse.ofProcess()
                .forProduct(
                        4.0 * count,
                        () -> sum[0] = matrix.precision() == Precision.FLOAT32
                                ? openblas_full.cblas_sasum(count, matrix.floats(), 1)
                                : openblas_full.cblas_dasum(count, matrix.doubles(), 1));
        return Double.isFinite(sum[0]);
    }

    @Override
    public void addScaled(double alpha, NativeMatrix x, NativeMatrix y) {
        HostElementwise.addScaled(alpha, x, y);
    }

    @Override
    public void multiplyElements(NativeMatrix a, NativeMatrix b, NativeMatrix c) {
        HostElementwise.multiply(a, b, c);
    }

    @Override
    public void addSquares(int blocks, NativeMatrix a, double beta, NativeMatrix c) {
        HostElementwise.addSquares(blocks, a, beta, c);
    }

    @Override
    public void shiftedReciprocal(NativeMatrix values, double shift, NativeMatrix result) {
        HostElementwise.shiftedReciprocal(values, shift, result);
    }

    /** Many segments of a row with the same vector are a product of a matrix and a vector. */
    @Override
    public void rowDots(int groups, NativeMatrix a, NativeMatrix b, NativeMatrix result) {
        int width = a.columns() / groups;
        ThreadUse use = ThreadUse.ofProcess();
        if (groups < MATRIX_SEGMENTS || b.columns() != width || !use.isWorthSharing((double) a.rows() * a.columns())) {
            HostElementwise.rowDots(groups, a, b, result);
            return;
        }
        use.forRows(a.rows(), row -> {
            NativeMatrix segments = a.rows(row, 1).reshape(groups, width);
            multiplyVector(1, segments, false, b.rows(row, 1), 1, 0, result.rows(row, 1), 1);
        });
    }

    @Override
    public void mirrorUpper(double alpha, NativeMatrix upper, NativeMatrix result) {
        HostElementwise.mirrorUpper(alpha, upper, result);
    }

    @Override
    public void onHost(NativeMatrix matrix, boolean changed, Consumer<DoublePointer> work) {
        work.accept(matrix.doubles());
    }
}
