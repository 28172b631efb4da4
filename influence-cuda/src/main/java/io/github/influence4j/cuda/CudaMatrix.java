package io.github.influence4j.cuda;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.Layout;
import io.github.influence4j.linalg.MemoryUse;
import java.lang.ref.Cleaner;
import java.util.Arrays;
import java.util.Objects;

/** A strided view of memory on a card. Use after the owner was closed is an {@link IllegalStateException}. */
final class CudaMatrix implements BackendMatrix {

    private static final Cleaner CLEANER = Cleaner.create();

    /** The memory that an owner and its views share; freed by the garbage collector, late, where it was not closed. */
    private static final class Storage {
        private final CudaTransfers transfers;
        private final Precision precision;
        private final long address;
        private final MemoryUse use;

        Storage(CudaTransfers transfers, Precision precision, long address, Runnable free) {
            this.transfers = transfers;
            this.precision = precision;
            this.address = address;
            this.use = new MemoryUse(free);
        }
    }

    private final Storage storage;
    private final Layout layout;
    private final boolean owner;

    private CudaMatrix(Storage storage, Layout layout, boolean owner) {
        this.storage = storage;
        this.layout = layout;
        this.owner = owner;
    }

    /** A new packed matrix whose numbers are whatever was in the memory. */
    static CudaMatrix uninitialised(CudaTransfers transfers, Layout layout, Precision precision) {
        CudaDevice device = transfers.device();
        long bytes = layout.size() * precision.bytes();
        long address = device.allocate(bytes, "a " + precision + " matrix of " + layout);
        // the action may not refer to the storage, which would then never be garbage
        Cleaner.Cleanable[] registered = new Cleaner.Cleanable[1];
        Storage storage = new Storage(transfers, precision, address, () -> registered[0].clean());
        registered[0] = CLEANER.register(storage, () -> device.free(address, bytes));
        return new CudaMatrix(storage, layout, true);
    }

    /** Memory of somebody else as a matrix; closing it frees nothing. */
    static CudaMatrix wrap(CudaTransfers transfers, long address, Layout layout, Precision precision) {
        return new CudaMatrix(new Storage(transfers, precision, address, () -> {}), layout, true);
    }

    /**
     * Runs a call of several steps while the memory stays, whoever closes it. What is one step within {@link CudaDevice#run} needs no
     * such care: memory is freed in the order of the work.
     */
    void using(Runnable call) {
        storage.use.enter();
        try {
            call.run();
        } finally {
            storage.use.leave();
        }
    }

    /** A matrix as one of this card's. */
    static CudaMatrix on(CudaDevice device, BackendMatrix matrix) {
        if (matrix instanceof CudaMatrix own && own.device() == device) {
            return own;
        }
        throw new IllegalArgumentException(
                "expected a matrix of the CUDA backend on " + device.description() + ", found " + matrix);
    }

    /** The diagonal of a square matrix, as a column. */
    CudaMatrix diagonal() {
        return new CudaMatrix(storage, new Layout(layout.offset(), rows(), 1, stride() + 1), false);
    }

    /** Where the first element lies on the card. */
    long address() {
        if (!storage.use.usable()) {
            throw new IllegalStateException("the matrix was closed");
        }
        return storage.address + layout.offset() * storage.precision.bytes();
    }

    CudaDevice device() {
        return storage.transfers.device();
    }

    Layout layout() {
        return layout;
    }

    boolean packed() {
        return layout.packed();
    }

    boolean isFloat64() {
        return storage.precision == Precision.FLOAT64;
    }

    /** What the names of kernels for such matrices end in. */
    char letter() {
        return isFloat64() ? 'd' : 'f';
    }

    @Override
    public int rows() {
        return layout.rows();
    }

    @Override
    public int columns() {
        return layout.columns();
    }

    @Override
    public int stride() {
        return layout.stride();
    }

    @Override
    public Precision precision() {
        return storage.precision;
    }

    @Override
    public CudaMatrix view(int firstRow, int rowCount, int firstColumn, int columnCount) {
        return new CudaMatrix(storage, layout.part(firstRow, rowCount, firstColumn, columnCount), false);
    }

    @Override
    public CudaMatrix rows(int firstRow, int rowCount) {
        return view(firstRow, rowCount, 0, columns());
    }

    @Override
    public CudaMatrix reshape(int newRows, int newColumns) {
        return new CudaMatrix(storage, layout.reshape(newRows, newColumns), false);
    }

    @Override
    public void read(int firstRow, int rowCount, float[] target, int offset) {
        if (checkRead(firstRow, rowCount, target.length, offset)) {
            using(() -> storage.transfers.download(rows(firstRow, rowCount), target, offset));
        }
    }

    @Override
    public void read(int firstRow, int rowCount, double[] target, int offset) {
        if (checkRead(firstRow, rowCount, target.length, offset)) {
            using(() -> storage.transfers.download(rows(firstRow, rowCount), target, offset));
        }
    }

    private boolean checkRead(int firstRow, int rowCount, int targetLength, int offset) {
        Objects.checkFromIndexSize(firstRow, rowCount, rows());
        Objects.checkFromIndexSize(offset, rowCount * columns(), targetLength);
        return rowCount > 0;
    }

    /** In one transfer, where the default would make one for every row. */
    @Override
    public double[][] toArray() {
        double[] all = new double[rows() * columns()];
        read(0, rows(), all, 0);
        double[][] result = new double[rows()][];
        for (int r = 0; r < result.length; r++) {
            result[r] = Arrays.copyOfRange(all, r * columns(), (r + 1) * columns());
        }
        return result;
    }

    @Override
    public void close() {
        if (owner) {
            storage.use.close();
        }
    }

    @Override
    public String toString() {
        return precision() + " matrix " + layout + " on a card";
    }
}
