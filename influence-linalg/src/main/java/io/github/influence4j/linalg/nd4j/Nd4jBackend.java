package io.github.influence4j.linalg.nd4j;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.Layout;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import io.github.influence4j.linalg.Shapes;
import io.github.influence4j.linalg.SymmetricEigen;
import io.github.influence4j.linalg.ThinSvd;
import java.util.function.IntConsumer;

/**
 * A backend on ND4J's arrays, in float32 or float64, on the CPU or on a CUDA device, whichever ND4J finds.
 *
 * <p>On the CPU products and decompositions are OpenBLAS's; on a device products are ND4J's and decompositions are done on
 * the host. Memory comes back by {@link BackendMatrix#close}; the garbage collector frees what was forgotten, late. On the CPU up to
 * 1 GiB of closed matrices' memory is kept for the next ones and freed when the backend is closed.
 *
 * <p>ND4J refuses to allocate once the process takes four times the Java heap's limit (JavaCPP's {@code
 * maxPhysicalBytes}); start Java with a larger {@code -Xmx} or with {@code -Dorg.bytedeco.javacpp.maxPhysicalBytes=0}.
 * {@link #availableMemory} takes this into account.
 */
public final class Nd4jBackend implements MatrixBackend {

    /** Name by which the backend is asked for. */
    public static final String NAME = "nd4j";

    /** Keeps every index and every count of elements within the 32-bit integers of BLAS and LAPACK. */
    static final int MAX_ELEMENTS = Integer.MAX_VALUE - 8;

    /** Elements that one step of an upload takes through a Java array. */
    private static final int STAGED = 1 << 18;

    private final Precision precision;
    private final Kernels kernels;
    private final Nd4jRuntime runtime;

    Nd4jBackend(Precision precision, Kernels kernels, Nd4jRuntime runtime) {
        this.precision = precision;
        this.kernels = kernels;
        this.runtime = runtime;
    }

    @Override
    public String name() {
        return NAME;
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
    public long maxElements() {
        return MAX_ELEMENTS;
    }

    @Override
    public boolean holds(Matrix matrix) {
        return matrix instanceof Nd4jMatrix;
    }

    @Override
    public Nd4jMatrix zeros(int rows, int columns, Precision precision) {
        Nd4jMatrix matrix = uninitialised(rows, columns, precision);
        kernels.clear(matrix);
        return matrix;
    }

    @Override
    public Nd4jMatrix uninitialised(int rows, int columns, Precision type) {
        return Nd4jMatrix.uninitialised(kernels, Layout.packed(rows, columns, MAX_ELEMENTS), type);
    }

    @Override
    public void upload(float[] numbers, BackendMatrix target) {
        Shapes.upload(numbers.length, target);
        if (target.precision() == Precision.FLOAT32) {
            kernels.write(numbers, own(target));
        } else {
            upload(Matrix.of(numbers, target.rows(), target.columns()), target);
        }
    }

    @Override
    public void upload(double[] numbers, BackendMatrix target) {
        Shapes.upload(numbers.length, target);
        if (target.precision() == Precision.FLOAT64) {
            kernels.write(numbers, own(target));
        } else {
            upload(Matrix.of(numbers, target.rows(), target.columns()), target);
        }
    }

    @Override
    public void upload(Matrix source, BackendMatrix target) {
        Shapes.upload(source, target);
        Nd4jMatrix t = own(target);
        if (source instanceof Nd4jMatrix here) {
            kernels.convert(here, t);
            return;
        }
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
        kernels.multiply(alpha, own(a.matrix()), a.transposed(), own(b.matrix()), b.transposed(), beta, own(c));
    }

    @Override
    public void multiplyBatch(int members, double alpha, Operand a, Operand b, double beta, BackendMatrix c) {
        Shapes.multiplyBatch(members, a, b, c);
        kernels.multiplyBatch(members, alpha, a, b, beta, own(c));
    }

    @Override
    public void rankUpdate(double alpha, BackendMatrix a, double beta, BackendMatrix c) {
        Shapes.rankUpdate(a, c);
        kernels.rankUpdate(alpha, own(a), beta, own(c));
    }

    @Override
    public void mirrorUpper(double alpha, BackendMatrix upper, BackendMatrix result) {
        Shapes.mirrorUpper(upper, result);
        kernels.mirrorUpper(alpha, own(upper), own(result));
    }

    @Override
    public void addScaled(double alpha, BackendMatrix x, BackendMatrix y) {
        Shapes.addScaled(x, y);
        kernels.addScaled(alpha, own(x), own(y));
    }

    @Override
    public void multiplyElements(BackendMatrix a, BackendMatrix b, BackendMatrix c) {
        Shapes.multiplyElements(a, b, c);
        kernels.multiplyElements(own(a), own(b), own(c));
    }

    @Override
    public void addSquares(int blocks, BackendMatrix a, double beta, BackendMatrix c) {
        Shapes.addSquares(blocks, a, c);
        kernels.addSquares(blocks, own(a), beta, own(c));
    }

    @Override
    public void shiftedReciprocal(BackendMatrix values, double shift, BackendMatrix result) {
        Shapes.shiftedReciprocal(values, result);
        kernels.shiftedReciprocal(own(values), shift, own(result));
    }

    @Override
    public void rowDots(int groups, BackendMatrix a, BackendMatrix b, BackendMatrix result) {
        Shapes.rowDots(groups, a, b, result);
        kernels.rowDots(groups, own(a), own(b), own(result));
    }

    @Override
    public int parallelism() {
        return runtime.cpu() ? ThreadUse.threads() : 1;
    }

    @Override
    public void inParallel(int tasks, IntConsumer task) {
        if (runtime.cpu()) {
            ThreadUse.inParallel(tasks, task);
        } else {
            MatrixBackend.super.inParallel(tasks, task);
        }
    }

    @Override
    public SymmetricEigen eigen(BackendMatrix symmetric) {
        Shapes.square("eigen", symmetric);
        Shapes.float64("eigen", symmetric);
        int n = symmetric.rows();
        Lapack.checkEigenOrder(n);
        double[][] values = new double[1][];
        Nd4jMatrix vectors = uninitialised(n, n, Precision.FLOAT64);
        try {
            upload(symmetric, vectors);
            kernels.onHost(vectors, true, v -> values[0] = Lapack.eigen(n, v));
            return new SymmetricEigen(values[0], vectors);
        } catch (RuntimeException | Error e) {
            vectors.close();
            throw e;
        }
    }

    @Override
    public ThinSvd svd(BackendMatrix matrix) {
        Shapes.float64("svd", matrix);
        int m = matrix.rows();
        int n = matrix.columns();
        int k = Math.min(m, n);
        Lapack.checkSvdOrder(m, n);
        double[][] values = new double[1][];
        Nd4jMatrix u = uninitialised(m, k, Precision.FLOAT64);
        Nd4jMatrix vt = uninitialised(k, n, Precision.FLOAT64);
        try (Nd4jMatrix work = uninitialised(m, n, Precision.FLOAT64)) {
            upload(matrix, work);
            kernels.onHost(
                    work,
                    false,
                    w -> kernels.onHost(
                            u,
                            true,
                            left -> kernels.onHost(vt, true, right -> values[0] = Lapack.svd(m, n, w, left, right))));
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
        kernels.onHost(own(matrix), true, r -> Lapack.cholesky(matrix.rows(), r));
    }

    @Override
    public void choleskySolve(BackendMatrix factor, BackendMatrix rightHandSides) {
        Shapes.choleskySolve(factor, rightHandSides);
        kernels.onHost(
                own(factor),
                false,
                r -> kernels.onHost(
                        own(rightHandSides),
                        true,
                        y -> Lapack.choleskySolve(factor.rows(), rightHandSides.columns(), r, y)));
    }

    static Nd4jMatrix own(BackendMatrix matrix) {
        if (matrix instanceof Nd4jMatrix own) {
            return own;
        }
        throw new IllegalArgumentException("expected a matrix of the ND4J backend, found " + matrix);
    }

    /** Frees the memory kept for matrices to come; matrices are closed by those who made them. */
    @Override
    public void close() {
        kernels.memory().close();
    }
}
