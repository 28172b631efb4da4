package io.github.influence4j.linalg.nd4j;

import static org.bytedeco.openblas.global.openblas_full.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_full.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_full.CblasTrans;
import static org.bytedeco.openblas.global.openblas_full.CblasUpper;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.Operand;
import java.lang.ref.Reference;
import java.util.function.Consumer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas_full;

/** Calls OpenBLAS on the memory of ND4J's CPU arrays. */
final class BlasKernels implements Kernels {

    private final ArrayPool memory = new ArrayPool(ArrayPool.LIMIT);

    @Override
    public ArrayPool memory() {
        return memory;
    }

    @Override
    public void multiply(
            double alpha,
            Nd4jMatrix a,
            boolean aTransposed,
            Nd4jMatrix b,
            boolean bTransposed,
            double beta,
            Nd4jMatrix c) {
        double inner = aTransposed ? a.rows() : a.columns();
        ThreadUse.forProduct(
                inner * c.rows() * c.columns(), () -> multiplyNow(alpha, a, aTransposed, b, bTransposed, beta, c));
        keep(a, b, c);
    }

    /** Members too small to be shared between cores are divided among the cores instead, if there is enough work in all. */
    @Override
    public void multiplyBatch(int members, double alpha, Operand a, Operand b, double beta, Nd4jMatrix c) {
        double inner = a.transposed() ? a.matrix().rows() : a.matrix().columns();
        double member = inner / (a.transposed() && !a.shared() ? members : 1) * c.rows() / members * c.columns();
        int cores = ThreadUse.coresForBatch(members, member);
        ThreadUse.inParallel(cores, core -> {
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
            Nd4jMatrix a,
            boolean aTransposed,
            Nd4jMatrix b,
            boolean bTransposed,
            double beta,
            Nd4jMatrix c) {
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

    private static void multiplyMatrix(
            double alpha,
            Nd4jMatrix a,
            boolean aTransposed,
            Nd4jMatrix b,
            boolean bTransposed,
            double beta,
            Nd4jMatrix c) {
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
            Nd4jMatrix a,
            boolean transposed,
            Nd4jMatrix x,
            int xStep,
            double beta,
            Nd4jMatrix y,
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

    @Override
    public void rankUpdate(double alpha, Nd4jMatrix a, double beta, Nd4jMatrix c) {
        double half = 0.5 * a.rows() * a.columns() * a.columns();
        ThreadUse.forProduct(half, () -> rankUpdateNow(alpha, a, beta, c));
        keep(a, c);
    }

    private static void rankUpdateNow(double alpha, Nd4jMatrix a, double beta, Nd4jMatrix c) {
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
    public void clear(Nd4jMatrix matrix) {
        long bytes =
                (long) matrix.rows() * matrix.columns() * matrix.precision().bytes();
        Pointer.memset(matrix.precision() == Precision.FLOAT32 ? matrix.floats() : matrix.doubles(), 0, bytes);
        keep(matrix);
    }

    @Override
    public void copy(Nd4jMatrix source, boolean transposed, Nd4jMatrix target) {
        int t = transposed ? CblasTrans : CblasNoTrans;
        int m = source.rows();
        int n = source.columns();
        boolean single = source.precision() == Precision.FLOAT32;
        if (!transposed && source.packed() && target.packed()) {
            Pointer.memcpy(
                    single ? target.floats() : target.doubles(),
                    single ? source.floats() : source.doubles(),
                    (long) m * n * source.precision().bytes());
        } else if (single) {
            openblas_full.cblas_somatcopy(
                    CblasRowMajor, t, m, n, 1, source.floats(), source.stride(), target.floats(), target.stride());
        } else {
            openblas_full.cblas_domatcopy(
                    CblasRowMajor, t, m, n, 1, source.doubles(), source.stride(), target.doubles(), target.stride());
        }
        keep(source, target);
    }

    @Override
    public void write(float[] numbers, Nd4jMatrix target) {
        FloatPointer address = target.floats();
        int runs = target.packed() ? 1 : target.rows();
        int length = target.rows() * target.columns() / runs;
        for (int r = 0; r < runs; r++) {
            address.getPointer((long) r * target.stride()).put(numbers, r * length, length);
        }
        keep(target);
    }

    @Override
    public void write(double[] numbers, Nd4jMatrix target) {
        DoublePointer address = target.doubles();
        int runs = target.packed() ? 1 : target.rows();
        int length = target.rows() * target.columns() / runs;
        for (int r = 0; r < runs; r++) {
            address.getPointer((long) r * target.stride()).put(numbers, r * length, length);
        }
        keep(target);
    }

    @Override
    public void read(Nd4jMatrix source, float[] target, int offset) {
        FloatPointer address = source.floats();
        int runs = source.packed() ? 1 : source.rows();
        int length = source.rows() * source.columns() / runs;
        for (int r = 0; r < runs; r++) {
            address.getPointer((long) r * source.stride()).get(target, offset + r * length, length);
        }
        keep(source);
    }

    @Override
    public void read(Nd4jMatrix source, double[] target, int offset) {
        DoublePointer address = source.doubles();
        int runs = source.packed() ? 1 : source.rows();
        int length = source.rows() * source.columns() / runs;
        for (int r = 0; r < runs; r++) {
            address.getPointer((long) r * source.stride()).get(target, offset + r * length, length);
        }
        keep(source);
    }

    @Override
    public void convert(Nd4jMatrix source, Nd4jMatrix target) {
        if (source.precision() == target.precision()) {
            copy(source, false, target);
        } else {
            HostElementwise.convert(source, target);
        }
    }

    @Override
    public void addScaled(double alpha, Nd4jMatrix x, Nd4jMatrix y) {
        HostElementwise.addScaled(alpha, x, y);
    }

    @Override
    public void multiplyElements(Nd4jMatrix a, Nd4jMatrix b, Nd4jMatrix c) {
        HostElementwise.multiply(a, b, c);
    }

    @Override
    public void addSquares(int blocks, Nd4jMatrix a, double beta, Nd4jMatrix c) {
        HostElementwise.addSquares(blocks, a, beta, c);
    }

    @Override
    public void shiftedReciprocal(Nd4jMatrix values, double shift, Nd4jMatrix result) {
        HostElementwise.shiftedReciprocal(values, shift, result);
    }

    @Override
    public void rowDots(int groups, Nd4jMatrix a, Nd4jMatrix b, Nd4jMatrix result) {
        HostElementwise.rowDots(groups, a, b, result);
    }

    @Override
    public void mirrorUpper(double alpha, Nd4jMatrix upper, Nd4jMatrix result) {
        HostElementwise.mirrorUpper(alpha, upper, result);
    }

    @Override
    public void onHost(Nd4jMatrix matrix, boolean changed, Consumer<DoublePointer> work) {
        work.accept(matrix.doubles());
        keep(matrix);
    }

    /** Keeps matrices that nobody closes from being freed by the garbage collector while native code uses them. */
    @SuppressWarnings("ReachabilityFenceUsage") // no finally: after an exception no native code is running
    private static void keep(Nd4jMatrix... matrices) {
        for (Nd4jMatrix matrix : matrices) {
            Reference.reachabilityFence(matrix);
        }
    }
}
