package io.github.influence4j.ekfac.plan;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import io.github.influence4j.linalg.SymmetricEigen;
import io.github.influence4j.linalg.ThinSvd;
import io.github.influence4j.linalg.WorkSizes;

/**
 * Counts the bytes of all matrices that are open, and their peak, and how often numbers are brought to or from the backend's memory.
 * Decompositions count as LAPACK's do: the 2n² numbers of
 * workspace of an eigendecomposition, and the copy of its matrix that an SVD overwrites with workspace of 4 times the square of
 * the smaller dimension.
 */
public final class CountingBackend implements MatrixBackend {

    private final MatrixBackend backend;
    private final long maxElements;
    private final WorkSizes sizes;
    private long live;
    private long peak;
    private long transfers;

    /** Counts from 0, with the limits of the backend. */
    public CountingBackend(MatrixBackend backend) {
        this(backend, backend.maxElements());
    }

    /** Refuses larger matrices. */
    CountingBackend(MatrixBackend backend, long maxElements) {
        this(backend, maxElements, backend.workSizes());
    }

    /** Is best given other sizes of work. */
    public CountingBackend(MatrixBackend backend, WorkSizes sizes) {
        this(backend, backend.maxElements(), sizes);
    }

    private CountingBackend(MatrixBackend backend, long maxElements, WorkSizes sizes) {
        this.backend = backend;
        this.maxElements = maxElements;
        this.sizes = sizes;
    }

    private void requireElements(int rows, int columns) {
        if ((long) rows * columns > maxElements) {
            throw new IllegalArgumentException(rows + " x " + columns + " are more than " + maxElements);
        }
    }

    /** Reads of matrices by the host, and uploads of its own: on a card each of them waits for the bus. */
    public long transfers() {
        return transfers;
    }

    long live() {
        return live;
    }

    /** The peak since the last call. */
    long takePeak() {
        long result = peak;
        peak = live;
        return result;
    }

    private void change(long bytes) {
        live += bytes;
        peak = Math.max(peak, live);
    }

    private final class Counted implements BackendMatrix {
        private final BackendMatrix matrix;
        private long owned;

        Counted(BackendMatrix matrix, boolean owner) {
            this.matrix = matrix;
            this.owned = owner
                    ? (long) matrix.rows()
                            * matrix.columns()
                            * matrix.precision().bytes()
                    : 0;
            change(owned);
        }

        @Override
        public int rows() {
            return matrix.rows();
        }

        @Override
        public int columns() {
            return matrix.columns();
        }

        @Override
        public int stride() {
            return matrix.stride();
        }

        @Override
        public Precision precision() {
            return matrix.precision();
        }

        @Override
        public void read(int firstRow, int rowCount, float[] target, int offset) {
            transfers++;
            matrix.read(firstRow, rowCount, target, offset);
        }

        @Override
        public void read(int firstRow, int rowCount, double[] target, int offset) {
            transfers++;
            matrix.read(firstRow, rowCount, target, offset);
        }

        @Override
        public BackendMatrix view(int firstRow, int rowCount, int firstColumn, int columnCount) {
            return new Counted(matrix.view(firstRow, rowCount, firstColumn, columnCount), false);
        }

        @Override
        public BackendMatrix reshape(int newRows, int newColumns) {
            return new Counted(matrix.reshape(newRows, newColumns), false);
        }

        @Override
        public void close() {
            matrix.close();
            change(-owned);
            owned = 0;
        }
    }

    private static BackendMatrix inner(BackendMatrix matrix) {
        return ((Counted) matrix).matrix;
    }

    private static Operand inner(Operand operand) {
        return new Operand(inner(operand.matrix()), operand.transposed(), operand.shared());
    }

    @Override
    public String name() {
        return backend.name();
    }

    @Override
    public String description() {
        return backend.description();
    }

    @Override
    public Precision precision() {
        return backend.precision();
    }

    @Override
    public long availableMemory() {
        return backend.availableMemory();
    }

    @Override
    public WorkSizes workSizes() {
        return sizes;
    }

    @Override
    public boolean holds(Matrix matrix) {
        return matrix instanceof Counted;
    }

    @Override
    public long maxElements() {
        return maxElements;
    }

    @Override
    public BackendMatrix zeros(int rows, int columns, Precision precision) {
        requireElements(rows, columns);
        return new Counted(backend.zeros(rows, columns, precision), true);
    }

    @Override
    public BackendMatrix uninitialised(int rows, int columns, Precision precision) {
        requireElements(rows, columns);
        return new Counted(backend.uninitialised(rows, columns, precision), true);
    }

    @Override
    public void upload(Matrix source, BackendMatrix target) {
        transfers += source instanceof Counted ? 0 : 1;
        backend.upload(source instanceof Counted counted ? counted.matrix : source, inner(target));
    }

    @Override
    public void multiply(double alpha, Operand a, Operand b, double beta, BackendMatrix c) {
        backend.multiply(alpha, inner(a), inner(b), beta, inner(c));
    }

    @Override
    public void multiplyBatch(int members, double alpha, Operand a, Operand b, double beta, BackendMatrix c) {
        backend.multiplyBatch(members, alpha, inner(a), inner(b), beta, inner(c));
    }

    @Override
    public void rankUpdate(double alpha, BackendMatrix a, double beta, BackendMatrix c) {
        backend.rankUpdate(alpha, inner(a), beta, inner(c));
    }

    @Override
    public void mirrorUpper(double alpha, BackendMatrix upper, BackendMatrix result) {
        backend.mirrorUpper(alpha, inner(upper), inner(result));
    }

    @Override
    public void addScaled(double alpha, BackendMatrix x, BackendMatrix y) {
        backend.addScaled(alpha, inner(x), inner(y));
    }

    @Override
    public void multiplyElements(BackendMatrix a, BackendMatrix b, BackendMatrix c) {
        backend.multiplyElements(inner(a), inner(b), inner(c));
    }

    @Override
    public void addSquares(int blocks, BackendMatrix a, double beta, BackendMatrix c) {
        backend.addSquares(blocks, inner(a), beta, inner(c));
    }

    @Override
    public void shiftedReciprocal(BackendMatrix values, double shift, BackendMatrix result) {
        backend.shiftedReciprocal(inner(values), shift, inner(result));
    }

    @Override
    public void rowDots(int groups, BackendMatrix a, BackendMatrix b, BackendMatrix result) {
        backend.rowDots(groups, inner(a), inner(b), inner(result));
    }

    @Override
    public SymmetricEigen eigen(BackendMatrix symmetric) {
        long workspace = 16L * symmetric.rows() * symmetric.rows();
        SymmetricEigen eigen = backend.eigen(inner(symmetric));
        Counted vectors = new Counted(eigen.vectors(), true);
        change(workspace);
        change(-workspace);
        return new SymmetricEigen(eigen.values(), vectors);
    }

    @Override
    public ThinSvd svd(BackendMatrix matrix) {
        long smaller = Math.min(matrix.rows(), matrix.columns());
        long copy = 8L * matrix.rows() * matrix.columns() + 32 * smaller * smaller;
        ThinSvd svd = backend.svd(inner(matrix));
        ThinSvd counted = new ThinSvd(new Counted(svd.u(), true), svd.values(), new Counted(svd.vt(), true));
        change(copy);
        change(-copy);
        return counted;
    }

    @Override
    public void cholesky(BackendMatrix matrix) {
        backend.cholesky(inner(matrix));
    }

    @Override
    public void choleskySolve(BackendMatrix factor, BackendMatrix rightHandSides) {
        backend.choleskySolve(inner(factor), inner(rightHandSides));
    }

    @Override
    public void close() {
        backend.close();
    }
}
