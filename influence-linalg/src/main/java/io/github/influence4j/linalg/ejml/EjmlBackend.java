package io.github.influence4j.linalg.ejml;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.Layout;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import io.github.influence4j.linalg.Shapes;
import io.github.influence4j.linalg.SymmetricEigen;
import io.github.influence4j.linalg.ThinSvd;
import org.ejml.EjmlVersion;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;

/**
 * A backend in pure Java, float64 only, on the Java heap: EJML for products and decompositions, plain loops for the rest.
 *
 * <p>It is meant as the reference of the tests and for small models where no native library can be loaded; products are
 * tens of times slower than BLAS.
 */
public final class EjmlBackend implements MatrixBackend {

    /** Name by which the backend is asked for. */
    public static final String NAME = "ejml";

    /** The longest array that every JVM can make. */
    private static final int MAX_ELEMENTS = Integer.MAX_VALUE - 8;

    private final EjmlDecompositions decompositions = new EjmlDecompositions();

    private final String reason;

    /** Makes the backend. */
    public EjmlBackend() {
        this("");
    }

    /** Makes the backend; {@code reason} is why no faster one was taken, or empty. */
    EjmlBackend(String reason) {
        this.reason = reason;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return "EJML " + EjmlVersion.VERSION + ", pure Java, CPU" + (reason.isEmpty() ? "" : "; " + reason);
    }

    @Override
    public Precision precision() {
        return Precision.FLOAT64;
    }

    @Override
    public long availableMemory() {
        Runtime runtime = Runtime.getRuntime();
        return runtime.maxMemory() - (runtime.totalMemory() - runtime.freeMemory());
    }

    @Override
    public long maxElements() {
        return MAX_ELEMENTS;
    }

    @Override
    public boolean holds(Matrix matrix) {
        return matrix instanceof EjmlMatrix;
    }

    @Override
    public EjmlMatrix zeros(int rows, int columns, Precision precision) {
        if (precision != Precision.FLOAT64) {
            throw new IllegalArgumentException("the EJML backend has FLOAT64 only, asked for " + precision);
        }
        Layout layout = Layout.packed(rows, columns, MAX_ELEMENTS);
        return EjmlMatrix.owning(new double[rows * columns], layout);
    }

    @Override
    public void upload(Matrix source, BackendMatrix target) {
        Shapes.upload(source, target);
        EjmlMatrix t = own("upload", target);
        for (int r = 0; r < t.rows(); r++) {
            source.read(r, 1, t.data(), t.start(r));
        }
    }

    @Override
    public void multiply(double alpha, Operand a, Operand b, double beta, BackendMatrix c) {
        Shapes.multiply(a, b, c);
        EjmlMatrix left = own("multiply", a.matrix());
        EjmlMatrix right = own("multiply", b.matrix());
        EjmlMatrix result = own("multiply", c);
        combine(product(alpha, left, a.transposed(), right, b.transposed()), beta, result, false);
    }

    @Override
    public void multiplyBatch(int members, double alpha, Operand a, Operand b, double beta, BackendMatrix c) {
        Shapes.multiplyBatch(members, a, b, c);
        EjmlMatrix left = own("multiplyBatch", a.matrix());
        EjmlMatrix right = own("multiplyBatch", b.matrix());
        EjmlMatrix result = own("multiplyBatch", c);
        for (int j = 0; j < members; j++) {
            EjmlMatrix x = a.shared() ? left : block(members, j, left);
            EjmlMatrix y = b.shared() ? right : block(members, j, right);
            combine(product(alpha, x, a.transposed(), y, b.transposed()), beta, block(members, j, result), false);
        }
    }

    private static EjmlMatrix block(int blocks, int j, EjmlMatrix matrix) {
        int rows = matrix.rows() / blocks;
        return matrix.rows(j * rows, rows);
    }

    private static DMatrixRMaj product(
            double alpha, EjmlMatrix a, boolean aTransposed, EjmlMatrix b, boolean bTransposed) {
        DMatrixRMaj left = a.dense();
        DMatrixRMaj right = b.dense();
        DMatrixRMaj product = new DMatrixRMaj(1, 1);
        if (aTransposed) {
            return bTransposed
                    ? CommonOps_DDRM.multTransAB(alpha, left, right, product)
                    : CommonOps_DDRM.multTransA(alpha, left, right, product);
        }
        return bTransposed
                ? CommonOps_DDRM.multTransB(alpha, left, right, product)
                : CommonOps_DDRM.mult(alpha, left, right, product);
    }

    /** c = product + beta c, all of it or only the upper triangle. */
    private static void combine(DMatrixRMaj product, double beta, EjmlMatrix c, boolean upperOnly) {
        double[] data = c.data();
        for (int r = 0; r < c.rows(); r++) {
            int start = c.start(r);
            for (int j = upperOnly ? r : 0; j < c.columns(); j++) {
                double value = product.data[r * c.columns() + j];
                data[start + j] = beta == 0 ? value : value + beta * data[start + j];
            }
        }
    }

    @Override
    public void rankUpdate(double alpha, BackendMatrix a, double beta, BackendMatrix c) {
        Shapes.rankUpdate(a, c);
        EjmlMatrix factor = own("rankUpdate", a);
        EjmlMatrix result = own("rankUpdate", c);
        DMatrixRMaj product = CommonOps_DDRM.multInner(factor.dense(), new DMatrixRMaj(1, 1));
        CommonOps_DDRM.scale(alpha, product);
        combine(product, beta, result, true);
    }

    @Override
    public void mirrorUpper(double alpha, BackendMatrix upper, BackendMatrix result) {
        Shapes.mirrorUpper(upper, result);
        EjmlMatrix from = own("mirrorUpper", upper);
        EjmlMatrix to = own("mirrorUpper", result);
        for (int r = 0; r < to.rows(); r++) {
            for (int j = r; j < to.columns(); j++) {
                double value = alpha * from.data()[from.start(r) + j];
                to.data()[to.start(r) + j] = value;
                to.data()[to.start(j) + r] = value;
            }
        }
    }

    @Override
    public void addScaled(double alpha, BackendMatrix x, BackendMatrix y) {
        Shapes.addScaled(x, y);
        EjmlMatrix from = own("addScaled", x);
        EjmlMatrix to = own("addScaled", y);
        for (int r = 0; r < to.rows(); r++) {
            for (int j = 0, f = from.start(r), t = to.start(r); j < to.columns(); j++) {
                to.data()[t + j] += alpha * from.data()[f + j];
            }
        }
    }

    @Override
    public void multiplyElements(BackendMatrix a, BackendMatrix b, BackendMatrix c) {
        Shapes.multiplyElements(a, b, c);
        EjmlMatrix left = own("multiplyElements", a);
        EjmlMatrix right = own("multiplyElements", b);
        EjmlMatrix result = own("multiplyElements", c);
        for (int r = 0; r < result.rows(); r++) {
            for (int j = 0; j < result.columns(); j++) {
                result.data()[result.start(r) + j] = left.data()[left.start(r) + j] * right.data()[right.start(r) + j];
            }
        }
    }

    @Override
    public void addSquares(int blocks, BackendMatrix a, double beta, BackendMatrix c) {
        Shapes.addSquares(blocks, a, c);
        EjmlMatrix from = own("addSquares", a);
        EjmlMatrix to = own("addSquares", c);
        for (int r = 0; r < to.rows(); r++) {
            for (int j = 0, t = to.start(r); j < to.columns(); j++) {
                to.data()[t + j] = beta == 0 ? 0 : beta * to.data()[t + j];
            }
        }
        for (int r = 0; r < from.rows(); r++) {
            for (int j = 0, f = from.start(r), t = to.start(r % to.rows()); j < to.columns(); j++) {
                double value = from.data()[f + j];
                to.data()[t + j] += value * value;
            }
        }
    }

    @Override
    public void shiftedReciprocal(BackendMatrix values, double shift, BackendMatrix result) {
        Shapes.shiftedReciprocal(values, result);
        EjmlMatrix from = own("shiftedReciprocal", values);
        EjmlMatrix to = own("shiftedReciprocal", result);
        for (int r = 0; r < to.rows(); r++) {
            for (int j = 0; j < to.columns(); j++) {
                to.data()[to.start(r) + j] = 1 / (from.data()[from.start(r) + j] + shift);
            }
        }
    }

    @Override
    public void rowDots(int groups, BackendMatrix a, BackendMatrix b, BackendMatrix result) {
        Shapes.rowDots(groups, a, b, result);
        EjmlMatrix left = own("rowDots", a);
        EjmlMatrix right = own("rowDots", b);
        EjmlMatrix to = own("rowDots", result);
        int width = left.columns() / groups;
        int rightStep = right.columns() == left.columns() ? width : 0;
        for (int r = 0; r < to.rows(); r++) {
            for (int g = 0; g < groups; g++) {
                int l = left.start(r) + g * width;
                int s = right.start(r) + g * rightStep;
                double sum = 0;
                for (int j = 0; j < width; j++) {
                    sum += left.data()[l + j] * right.data()[s + j];
                }
                to.data()[to.start(r) + g] = sum;
            }
        }
    }

    @Override
    public SymmetricEigen eigen(BackendMatrix symmetric) {
        Shapes.square("eigen", symmetric);
        return decompositions.eigen(own("eigen", symmetric));
    }

    @Override
    public ThinSvd svd(BackendMatrix matrix) {
        return decompositions.svd(own("svd", matrix));
    }

    @Override
    public void cholesky(BackendMatrix matrix) {
        Shapes.square("cholesky", matrix);
        Shapes.packedFloat64("cholesky", matrix);
        decompositions.cholesky(own("cholesky", matrix));
    }

    @Override
    public void choleskySolve(BackendMatrix factor, BackendMatrix rightHandSides) {
        Shapes.choleskySolve(factor, rightHandSides);
        decompositions.choleskySolve(own("choleskySolve", factor), own("choleskySolve", rightHandSides));
    }

    /** The matrix as one that stays open for this call, whoever closes it. */
    private EjmlMatrix own(String operation, BackendMatrix matrix) {
        Shapes.held(this, operation, matrix);
        return ((EjmlMatrix) matrix).forCall();
    }

    /** Does nothing: the heap is the garbage collector's. */
    @Override
    public void close() {}
}
