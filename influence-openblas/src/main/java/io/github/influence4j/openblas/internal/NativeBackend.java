package io.github.influence4j.openblas.internal;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.Layout;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import io.github.influence4j.linalg.Shapes;
import io.github.influence4j.linalg.SymmetricEigen;
import io.github.influence4j.linalg.ThinSvd;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.bytedeco.javacpp.DoublePointer;

/**
 * A backend whose matrices lie in native memory, in float32 or float64: what {@link Kernels} do, behind the checks of shapes,
 * precisions and owners.
 *
 * <p>Memory comes back by {@link BackendMatrix#close}; the garbage collector frees what was forgotten, late. Up to
 * 1 GiB of closed matrices' memory on the host is kept for the next ones and freed when the backend is closed. Memory of a matrix that is
 * closed while another thread computes with it goes back after that.
 *
 * <p>Memory is refused once the process takes four times the Java heap's limit (JavaCPP's {@code maxPhysicalBytes}); start Java
 * with a larger {@code -Xmx} or with {@code -Dorg.bytedeco.javacpp.maxPhysicalBytes=0}. {@link #availableMemory} takes this
 * into account.
 */
public final class NativeBackend implements MatrixBackend {

    /** Keeps every index and every count of elements within the 32-bit integers of BLAS and LAPACK. */
    static final int MAX_ELEMENTS = Integer.MAX_VALUE - 8;

    /** Elements that one step of an upload takes through a Java array. */
    private static final int STAGED = 1 << 18;

    private final Precision precision;
    private final Kernels kernels;
    private final NativeRuntime runtime;

    /**
     * Makes a backend.
     *
     * @param precision the working precision
     * @param kernels what computes
     * @param runtime the libraries that the kernels need, loaded
     */
    public NativeBackend(Precision precision, Kernels kernels, NativeRuntime runtime) {
        this.precision = precision;
        this.kernels = kernels;
        this.runtime = runtime;
    }

    @Override
    public String name() {
        return kernels.backend();
    }

    @Override
    public String description() {
        return runtime.description();
    }

    @Override
    public Precision precision() {
        return precision;
    }

    @Override
    public long availableMemory() {
        return runtime.availableMemory() + kernels.memory().keptBytes();
    }

    @Override
    public long keptForReuseBytes() {
        return kernels.memory().aboveUse();
    }

    @Override
    public long maxElements() {
        return MAX_ELEMENTS;
    }

    @Override
    public boolean holds(Matrix matrix) {
        return matrix instanceof NativeMatrix own && own.kernels().backend().equals(name());
    }

    /** One sum at the speed of the memory; where that is not finite, all numbers are looked at, because it may have overflowed. */
    @Override
    public boolean isFinite(BackendMatrix matrix) {
        NativeMatrix m = own("isFinite", matrix);
        boolean[] finite = new boolean[1];
        using(() -> finite[0] = m.packed() && kernels.sumIsFinite(m), m);
        return finite[0] || MatrixBackend.super.isFinite(matrix);
    }

    @Override
    public NativeMatrix zeros(int rows, int columns, Precision type) {
        NativeMatrix matrix = uninitialised(rows, columns, type);
        using(() -> kernels.clear(matrix), matrix);
        return matrix;
    }

    @Override
    public NativeMatrix uninitialised(int rows, int columns, Precision type) {
        return NativeMatrix.uninitialised(kernels, Layout.packed(rows, columns, MAX_ELEMENTS), type);
    }

    @Override
    public void upload(float[] numbers, BackendMatrix target) {
        Shapes.upload(numbers.length, target);
        if (target.precision() == Precision.FLOAT32) {
            NativeMatrix t = own("upload", target);
            using(() -> kernels.write(numbers, t), t);
        } else {
            upload(Matrix.of(numbers, target.rows(), target.columns()), target);
        }
    }

    @Override
    public void upload(double[] numbers, BackendMatrix target) {
        Shapes.upload(numbers.length, target);
        if (target.precision() == Precision.FLOAT64) {
            NativeMatrix t = own("upload", target);
            using(() -> kernels.write(numbers, t), t);
        } else {
            upload(Matrix.of(numbers, target.rows(), target.columns()), target);
        }
    }

    @Override
    public void upload(Matrix source, BackendMatrix target) {
        Shapes.upload(source, target);
        NativeMatrix t = own("upload", target);
        if (holds(source)) {
            NativeMatrix here = (NativeMatrix) source;
            using(() -> kernels.convert(here, t), here, t);
        } else {
            using(() -> uploadInSteps(source, t), t);
        }
    }

    private void uploadInSteps(Matrix source, NativeMatrix t) {
        int step = Math.min(t.rows(), Math.max(1, STAGED / t.columns()));
        float[] floats = new float[t.precision() == Precision.FLOAT32 ? step * t.columns() : 0];
        double[] doubles = new double[t.precision() == Precision.FLOAT64 ? step * t.columns() : 0];
        for (int r = 0; r < t.rows(); r += step) {
            int count = Math.min(step, t.rows() - r);
            if (t.precision() == Precision.FLOAT32) {
                source.read(r, count, floats, 0);
                kernels.write(floats, t.rows(r, count));
            } else {
                source.read(r, count, doubles, 0);
                kernels.write(doubles, t.rows(r, count));
            }
        }
    }

    @Override
    public void multiply(double alpha, Operand a, Operand b, double beta, BackendMatrix c) {
        Shapes.multiply(a, b, c);
        NativeMatrix x = own("multiply", a.matrix());
        NativeMatrix y = own("multiply", b.matrix());
        NativeMatrix z = own("multiply", c);
        using(() -> kernels.multiply(alpha, x, a.transposed(), y, b.transposed(), beta, z), x, y, z);
    }

    @Override
    public void multiplyBatch(int members, double alpha, Operand a, Operand b, double beta, BackendMatrix c) {
        Shapes.multiplyBatch(members, a, b, c);
        NativeMatrix x = own("multiplyBatch", a.matrix());
        NativeMatrix y = own("multiplyBatch", b.matrix());
        NativeMatrix z = own("multiplyBatch", c);
        using(() -> kernels.multiplyBatch(members, alpha, a, b, beta, z), x, y, z);
    }

    @Override
    public void rankUpdate(double alpha, BackendMatrix a, double beta, BackendMatrix c) {
        Shapes.rankUpdate(a, c);
        NativeMatrix x = own("rankUpdate", a);
        NativeMatrix y = own("rankUpdate", c);
        using(() -> kernels.rankUpdate(alpha, x, beta, y), x, y);
    }

    @Override
    public void mirrorUpper(double alpha, BackendMatrix upper, BackendMatrix result) {
        Shapes.mirrorUpper(upper, result);
        NativeMatrix x = own("mirrorUpper", upper);
        NativeMatrix y = own("mirrorUpper", result);
        using(() -> kernels.mirrorUpper(alpha, x, y), x, y);
    }

    @Override
    public void addScaled(double alpha, BackendMatrix x, BackendMatrix y) {
        Shapes.addScaled(x, y);
        NativeMatrix from = own("addScaled", x);
        NativeMatrix to = own("addScaled", y);
        using(() -> kernels.addScaled(alpha, from, to), from, to);
    }

    @Override
    public void multiplyElements(BackendMatrix a, BackendMatrix b, BackendMatrix c) {
        Shapes.multiplyElements(a, b, c);
        NativeMatrix x = own("multiplyElements", a);
        NativeMatrix y = own("multiplyElements", b);
        NativeMatrix z = own("multiplyElements", c);
        using(() -> kernels.multiplyElements(x, y, z), x, y, z);
    }

    @Override
    public void addSquares(int blocks, BackendMatrix a, double beta, BackendMatrix c) {
        Shapes.addSquares(blocks, a, c);
        NativeMatrix x = own("addSquares", a);
        NativeMatrix y = own("addSquares", c);
        using(() -> kernels.addSquares(blocks, x, beta, y), x, y);
    }

    @Override
    public void shiftedReciprocal(BackendMatrix values, double shift, BackendMatrix result) {
        Shapes.shiftedReciprocal(values, result);
        NativeMatrix x = own("shiftedReciprocal", values);
        NativeMatrix y = own("shiftedReciprocal", result);
        using(() -> kernels.shiftedReciprocal(x, shift, y), x, y);
    }

    @Override
    public void rowDots(int groups, BackendMatrix a, BackendMatrix b, BackendMatrix result) {
        Shapes.rowDots(groups, a, b, result);
        NativeMatrix x = own("rowDots", a);
        NativeMatrix y = own("rowDots", b);
        NativeMatrix z = own("rowDots", result);
        using(() -> kernels.rowDots(groups, x, y, z), x, y, z);
    }

    @Override
    public int parallelism() {
        return runtime.onHost() ? ThreadUse.ofProcess().threads() : 1;
    }

    @Override
    public int decompositionsAtOnce() {
        return parallelism();
    }

    @Override
    public void inParallel(int tasks, IntConsumer task) {
        if (runtime.onHost()) {
            ThreadUse.ofProcess().inParallel(tasks, task);
        } else {
            MatrixBackend.super.inParallel(tasks, task);
        }
    }

    @Override
    public SymmetricEigen eigen(BackendMatrix symmetric) {
        Shapes.square("eigen", symmetric);
        Shapes.float64("eigen", symmetric);
        NativeMatrix matrix = own("eigen", symmetric);
        int n = symmetric.rows();
        Lapack.checkEigenOrder(n);
        double[][] values = new double[1][];
        NativeMatrix vectors = uninitialised(n, n, Precision.FLOAT64);
        try {
            upload(matrix, vectors);
            using(() -> kernels.onHost(vectors, true, v -> values[0] = Lapack.eigen(n, v)), vectors);
            return new SymmetricEigen(values[0], vectors);
        } catch (RuntimeException | Error e) {
            vectors.close();
            throw e;
        }
    }

    @Override
    public ThinSvd svd(BackendMatrix matrix) {
        Shapes.float64("svd", matrix);
        NativeMatrix source = own("svd", matrix);
        int m = matrix.rows();
        int n = matrix.columns();
        int k = Math.min(m, n);
        Lapack.checkSvdOrder(m, n);
        double[][] values = new double[1][];
        NativeMatrix u = uninitialised(m, k, Precision.FLOAT64);
        NativeMatrix vt = uninitialised(k, n, Precision.FLOAT64);
        try (NativeMatrix work = uninitialised(m, n, Precision.FLOAT64)) {
            upload(source, work);
            Consumer<DoublePointer> decompose = w -> kernels.onHost(
                    u, true, left -> kernels.onHost(vt, true, right -> values[0] = Lapack.svd(m, n, w, left, right)));
            using(() -> kernels.onHost(work, false, decompose), work, u, vt);
            return new ThinSvd(u, values[0], vt);
        } catch (RuntimeException | Error e) {
            u.close();
            vt.close();
            throw e;
        }
    }

    @Override
    public void cholesky(BackendMatrix matrix) {
        Shapes.square("cholesky", matrix);
        Shapes.packedFloat64("cholesky", matrix);
        NativeMatrix own = own("cholesky", matrix);
        using(() -> kernels.onHost(own, true, r -> Lapack.cholesky(matrix.rows(), r)), own);
    }

    @Override
    public void choleskySolve(BackendMatrix factor, BackendMatrix rightHandSides) {
        Shapes.choleskySolve(factor, rightHandSides);
        NativeMatrix r = own("choleskySolve", factor);
        NativeMatrix y = own("choleskySolve", rightHandSides);
        Consumer<DoublePointer> solve = triangle -> kernels.onHost(
                y, true, right -> Lapack.choleskySolve(factor.rows(), rightHandSides.columns(), triangle, right));
        using(() -> kernels.onHost(r, false, solve), r, y);
    }

    private NativeMatrix own(String operation, BackendMatrix matrix) {
        Shapes.held(this, operation, matrix);
        return (NativeMatrix) matrix;
    }

    /** Runs a call while the memory of its matrices stays, whoever closes them. */
    private static void using(Runnable call, NativeMatrix... matrices) {
        NativeMatrix.enter(matrices);
        try {
            call.run();
        } finally {
            NativeMatrix.leave(matrices);
        }
    }

    /** Frees the memory kept for matrices to come; matrices are closed by those who made them. */
    @Override
    public void close() {
        kernels.memory().close();
    }
}
