package io.github.influence4j.cuda;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.Layout;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import io.github.influence4j.linalg.Shapes;
import io.github.influence4j.linalg.SymmetricEigen;
import io.github.influence4j.linalg.ThinSvd;
import io.github.influence4j.linalg.WorkSizes;
import java.util.function.IntConsumer;

/**
 * A backend on an NVIDIA card, in float32 or float64: products by cuBLAS, decompositions by cuSOLVER in float64, the rest by kernels
 * that the driver compiles for the card, from Turing (2018) on.
 *
 * <p>Operations are queued and run in order; what returns numbers waits for them. Memory comes back by {@link
 * BackendMatrix#close}, the garbage collector frees what was forgotten, late; freed memory is kept for the next matrices until
 * {@link #close}. System properties: {@code influence.cuda.path}, folders of the CUDA libraries; {@code influence.cuda.device},
 * number of the card; {@code influence.cuda.memory}, most bytes that matrices may take; {@code influence.cuda.tf32=true}, factors of
 * products rounded to 10 bits, several times as fast and good to about 3 digits.
 */
public final class CudaBackend implements MatrixBackend {

    /** Name by which the backend is asked for. */
    public static final String NAME = "cuda";

    /** Java arrays and the kernels' counts of columns have no more; cuBLAS counts rows and columns alike. */
    private static final int MAX_ELEMENTS = Integer.MAX_VALUE - 8;

    /** Elements that one step of an upload takes through a Java array. */
    private static final int STAGED = 1 << 18;

    /** Elements that an upload holds in Java arrays at most, but for a single row. */
    private static final int MOST_HELD = 1 << 24;

    /** Large against the 5 µs that it takes to start a kernel, small against the memory of a card. */
    private static final WorkSizes WORK_SIZES = new WorkSizes(1 << 18, 1L << 26, 1L << 26);

    private final Precision precision;
    private final CudaDevice device;
    private final CudaTransfers transfers;
    private final CudaProducts products;
    private final CudaDecompositions decompositions;

    CudaBackend(Precision precision, CudaDevice device) {
        this.precision = precision;
        this.device = device;
        this.transfers = device.transfers();
        this.products = new CudaProducts(device);
        this.decompositions = new CudaDecompositions(this, device);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String description() {
        return device.description();
    }

    @Override
    public Precision precision() {
        return precision;
    }

    @Override
    public long availableMemory() {
        return device.availableMemory();
    }

    @Override
    public long maxElements() {
        return MAX_ELEMENTS;
    }

    @Override
    public WorkSizes workSizes() {
        return WORK_SIZES;
    }

    @Override
    public boolean holds(Matrix matrix) {
        return matrix instanceof CudaMatrix own && own.device() == device;
    }

    /**
     * Makes a matrix of memory that somebody else's program holds on the same card, for instance of a tensor of the model, so that
     * captures need not leave it. Work of this backend on it begins at once: whatever fills the memory must be done. The memory may
     * be changed after {@link #finish}, which a pass over captures calls for its host.
     *
     * @param address the device address of the first element, of the device's primary context
     * @param rows number of rows
     * @param columns number of columns
     * @param stride elements between the starts of two rows
     * @param type type of the elements
     * @return a matrix whose closing frees nothing; valid as long as the memory is
     * @throws IllegalArgumentException if the stride is less than the columns, a dimension is not positive, or the address is not
     *     one of such a type
     */
    public BackendMatrix wrap(long address, int rows, int columns, int stride, Precision type) {
        Layout.packed(rows, columns, MAX_ELEMENTS);
        if (stride < columns || address == 0 || address % type.bytes() != 0) {
            throw new IllegalArgumentException("a matrix of " + rows + " x " + columns + " cannot have stride " + stride
                    + " at address " + address);
        }
        return CudaMatrix.wrap(transfers, address, new Layout(0, rows, columns, stride), type);
    }

    @Override
    public CudaMatrix zeros(int rows, int columns, Precision type) {
        CudaMatrix matrix = uninitialised(rows, columns, type);
        long bytes = matrix.layout().size() * type.bytes();
        device.run(() -> Driver.check(
                Driver.cuMemsetD8Async(matrix.address(), (byte) 0, bytes, device.stream()),
                "zeros: " + matrix.layout()));
        return matrix;
    }

    @Override
    public CudaMatrix uninitialised(int rows, int columns, Precision type) {
        return CudaMatrix.uninitialised(transfers, Layout.packed(rows, columns, MAX_ELEMENTS), type);
    }

    @Override
    public void upload(float[] numbers, BackendMatrix target) {
        Shapes.upload(numbers.length, target);
        CudaMatrix t = own("upload", target);
        t.using(() -> transfers.upload(numbers, t));
    }

    @Override
    public void upload(double[] numbers, BackendMatrix target) {
        Shapes.upload(numbers.length, target);
        CudaMatrix t = own("upload", target);
        t.using(() -> transfers.upload(numbers, t));
    }

    @Override
    public void upload(Matrix source, BackendMatrix target) {
        Shapes.upload(source, target);
        CudaMatrix t = own("upload", target);
        if (holds(source)) {
            transfers.convert((CudaMatrix) source, t);
            return;
        }
        t.using(() -> uploadInSteps(source, t));
    }

    private void uploadInSteps(Matrix source, CudaMatrix t) {
        int step = Math.min(t.rows(), Math.max(1, STAGED / t.columns()));
        int steps = (t.rows() - 1) / step + 1;
        // long rows are read whole, so that few can be held at a time
        int held = Math.max(1, MOST_HELD / t.columns());
        int tasks = source.allowsConcurrentReads() ? Math.min(Math.min(steps, held), parallelism()) : 1;
        inParallel(
                tasks,
                task -> upload(source, t, step, (int) ((long) steps * task / tasks), (int)
                        ((long) steps * (task + 1) / tasks)));
    }

    private void upload(Matrix source, CudaMatrix target, int step, int firstStep, int endStep) {
        float[] floats = new float[target.isFloat64() ? 0 : step * target.columns()];
        double[] doubles = new double[target.isFloat64() ? step * target.columns() : 0];
        for (int k = firstStep; k < endStep; k++) {
            int count = Math.min(step, target.rows() - k * step);
            if (target.isFloat64()) {
                source.read(k * step, count, doubles, 0);
                transfers.upload(doubles, target.rows(k * step, count));
            } else {
                source.read(k * step, count, floats, 0);
                transfers.upload(floats, target.rows(k * step, count));
            }
        }
    }

    @Override
    public void finish() {
        transfers.finish();
    }

    void transpose(CudaMatrix source, CudaMatrix target) {
        transfers.transpose(source, target);
    }

    @Override
    public boolean isFinite(BackendMatrix matrix) {
        CudaMatrix m = own("isFinite", matrix);
        try (CudaMatrix found = zeros(1, 1, Precision.FLOAT64)) {
            device.run(() -> forElements(
                    "find_not_finite" + CudaKernels.suffix(m),
                    m.packed(),
                    m,
                    m.address(),
                    (long) m.stride(),
                    found.address()));
            double[] bits = new double[1];
            found.read(0, 1, bits, 0);
            return Double.doubleToRawLongBits(bits[0]) == 0;
        }
    }

    @Override
    public void multiply(double alpha, Operand a, Operand b, double beta, BackendMatrix c) {
        Shapes.multiply(a, b, c);
        own("multiply", a.matrix());
        own("multiply", b.matrix());
        products.multiply(alpha, a, b, beta, own("multiply", c));
    }

    @Override
    public void multiplyBatch(int members, double alpha, Operand a, Operand b, double beta, BackendMatrix c) {
        Shapes.multiplyBatch(members, a, b, c);
        CudaMatrix x = own("multiplyBatch", a.matrix());
        CudaMatrix y = own("multiplyBatch", b.matrix());
        CudaMatrix z = own("multiplyBatch", c);
        x.using(() -> y.using(() -> z.using(() -> products.multiplyBatch(members, alpha, a, b, beta, z))));
    }

    @Override
    public void rankUpdate(double alpha, BackendMatrix a, double beta, BackendMatrix c) {
        Shapes.rankUpdate(a, c);
        products.rankUpdate(alpha, own("rankUpdate", a), beta, own("rankUpdate", c));
    }

    @Override
    public void mirrorUpper(double alpha, BackendMatrix upper, BackendMatrix result) {
        Shapes.mirrorUpper(upper, result);
        CudaMatrix u = own("mirrorUpper", upper);
        CudaMatrix r = own("mirrorUpper", result);
        int n = u.rows();
        device.run(() -> device.kernels()
                .forElements(
                        "mirror_upper" + CudaKernels.suffix(u, r),
                        n,
                        n,
                        n,
                        alpha,
                        u.address(),
                        (long) u.stride(),
                        r.address(),
                        (long) r.stride()));
    }

    @Override
    public void addScaled(double alpha, BackendMatrix x, BackendMatrix y) {
        Shapes.addScaled(x, y);
        CudaMatrix from = own("addScaled", x);
        CudaMatrix to = own("addScaled", y);
        device.run(() -> forElements(
                "add_scaled" + CudaKernels.suffix(from, to),
                from.packed() && to.packed(),
                to,
                alpha,
                from.address(),
                (long) from.stride(),
                to.address(),
                (long) to.stride()));
    }

    @Override
    public void multiplyElements(BackendMatrix a, BackendMatrix b, BackendMatrix c) {
        Shapes.multiplyElements(a, b, c);
        CudaMatrix x = own("multiplyElements", a);
        CudaMatrix y = own("multiplyElements", b);
        CudaMatrix z = own("multiplyElements", c);
        device.run(() -> forElements(
                "multiply" + CudaKernels.suffix(z),
                x.packed() && y.packed() && z.packed(),
                z,
                x.address(),
                (long) x.stride(),
                y.address(),
                (long) y.stride(),
                z.address(),
                (long) z.stride()));
    }

    @Override
    public void addSquares(int blocks, BackendMatrix a, double beta, BackendMatrix c) {
        Shapes.addSquares(blocks, a, c);
        CudaMatrix from = own("addSquares", a);
        CudaMatrix to = own("addSquares", c);
        boolean flat = from.packed() && to.packed();
        int rows = flat ? 1 : to.rows();
        int columns = flat ? to.rows() * to.columns() : to.columns();
        device.run(() -> device.kernels()
                .forElements(
                        "add_squares" + CudaKernels.suffix(from, to),
                        rows,
                        columns,
                        blocks,
                        rows,
                        columns,
                        from.address(),
                        (long) from.stride(),
                        (long) to.rows() * from.stride(),
                        beta,
                        to.address(),
                        (long) to.stride()));
    }

    @Override
    public void shiftedReciprocal(BackendMatrix values, double shift, BackendMatrix result) {
        Shapes.shiftedReciprocal(values, result);
        CudaMatrix from = own("shiftedReciprocal", values);
        CudaMatrix to = own("shiftedReciprocal", result);
        device.run(() -> forElements(
                "shifted_reciprocal" + CudaKernels.suffix(to),
                from.packed() && to.packed(),
                to,
                from.address(),
                (long) from.stride(),
                shift,
                to.address(),
                (long) to.stride()));
    }

    @Override
    public void rowDots(int groups, BackendMatrix a, BackendMatrix b, BackendMatrix result) {
        Shapes.rowDots(groups, a, b, result);
        CudaMatrix x = own("rowDots", a);
        CudaMatrix y = own("rowDots", b);
        CudaMatrix sums = own("rowDots", result);
        int width = x.columns() / groups;
        long step = y.columns() == x.columns() ? width : 0;
        device.run(() -> device.kernels()
                .forWarps(
                        "row_dots" + CudaKernels.suffix(sums),
                        (long) x.rows() * groups,
                        x.rows(),
                        groups,
                        width,
                        x.address(),
                        (long) x.stride(),
                        y.address(),
                        (long) y.stride(),
                        step,
                        sums.address(),
                        (long) sums.stride()));
    }

    /**
     * Launches a kernel that begins with the rows and columns of its matrices, one long row where all are packed. Called within
     * {@link CudaDevice#run}, as addresses are: until the launch nobody then frees what they are of.
     */
    private void forElements(String kernel, boolean flat, CudaMatrix shape, Object... parameters) {
        int rows = flat ? 1 : shape.rows();
        int columns = flat ? shape.rows() * shape.columns() : shape.columns();
        Object[] all = new Object[parameters.length + 2];
        all[0] = rows;
        all[1] = columns;
        System.arraycopy(parameters, 0, all, 2, parameters.length);
        device.kernels().forElements(kernel, rows, columns, all);
    }

    @Override
    public SymmetricEigen eigen(BackendMatrix symmetric) {
        Shapes.square("eigen", symmetric);
        Shapes.float64("eigen", symmetric);
        CudaMatrix matrix = own("eigen", symmetric);
        SymmetricEigen[] result = new SymmetricEigen[1];
        matrix.using(() -> result[0] = decompositions.eigen(matrix));
        return result[0];
    }

    @Override
    public void orthonormalise(BackendMatrix columns) {
        Shapes.orthonormalise(columns);
        CudaMatrix matrix = own("orthonormalise", columns);
        matrix.using(() -> decompositions.orthonormalise(matrix));
    }

    @Override
    public ThinSvd svd(BackendMatrix matrix) {
        Shapes.float64("svd", matrix);
        CudaMatrix source = own("svd", matrix);
        ThinSvd[] result = new ThinSvd[1];
        source.using(() -> result[0] = decompositions.svd(source));
        return result[0];
    }

    @Override
    public void cholesky(BackendMatrix matrix) {
        Shapes.square("cholesky", matrix);
        Shapes.packedFloat64("cholesky", matrix);
        CudaMatrix own = own("cholesky", matrix);
        own.using(() -> decompositions.cholesky(own));
    }

    @Override
    public void choleskySolve(BackendMatrix factor, BackendMatrix rightHandSides) {
        Shapes.choleskySolve(factor, rightHandSides);
        CudaMatrix r = own("choleskySolve", factor);
        CudaMatrix y = own("choleskySolve", rightHandSides);
        r.using(() -> y.using(() -> products.choleskySolve(r, y)));
    }

    /** The host's cores: tasks copy to and from the card side by side; what they ask the card to compute is done in turn. */
    @Override
    public int parallelism() {
        return CudaTransfers.copyingThreads();
    }

    @Override
    public void inParallel(int tasks, IntConsumer task) {
        CudaTransfers.inParallel(tasks, task);
    }

    private CudaMatrix own(String operation, BackendMatrix matrix) {
        Shapes.held(this, operation, matrix);
        return (CudaMatrix) matrix;
    }

    /**
     * Waits for all work and gives the memory that is kept for matrices to come back to the card; matrices are closed by those who
     * made them. The card's context, handles and 80 MiB for uploads, on the card and pinned on the host, stay for the next backend.
     */
    @Override
    public void close() {
        device.trim();
    }
}
