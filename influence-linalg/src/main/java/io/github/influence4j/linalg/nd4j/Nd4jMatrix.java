package io.github.influence4j.linalg.nd4j;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.Layout;
import java.util.Arrays;
import java.util.Objects;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A strided view of a one-dimensional ND4J array. Use after the owner was closed is an {@link IllegalStateException}. */
final class Nd4jMatrix implements BackendMatrix {

    /** The memory that an owner and its views share. */
    private static final class Storage {
        private final Kernels kernels;
        private final Precision precision;
        private final long bytes;
        private volatile ArrayPool.@Nullable Block block;
        private volatile @Nullable Pointer hostAddress;

        Storage(Kernels kernels, Precision precision, ArrayPool.Block block, long bytes) {
            this.kernels = kernels;
            this.precision = precision;
            this.block = block;
            this.bytes = bytes;
        }

        INDArray open() {
            ArrayPool.Block open = block;
            if (open == null) {
                throw new IllegalStateException("the matrix was closed");
            }
            return open.array();
        }

        /** Only where ND4J runs on the CPU: the address of the array's memory. */
        Pointer hostAddress() {
            INDArray open = open();
            Pointer address = hostAddress;
            if (address == null) {
                Pointer untyped = open.data().addressPointer();
                address = precision == Precision.FLOAT64 ? new DoublePointer(untyped) : new FloatPointer(untyped);
                hostAddress = address;
            }
            return address;
        }

        synchronized void close() {
            ArrayPool.Block open = block;
            block = null;
            hostAddress = null;
            if (open != null) {
                kernels.memory().giveBack(open);
                MatrixMemory.remove(bytes);
            }
        }
    }

    private final Storage storage;
    private final Layout layout;
    private final boolean owner;

    private Nd4jMatrix(Storage storage, Layout layout, boolean owner) {
        this.storage = storage;
        this.layout = layout;
        this.owner = owner;
    }

    /** A new packed matrix whose numbers are whatever was in the memory. */
    static Nd4jMatrix uninitialised(Kernels kernels, Layout layout, Precision precision) {
        ArrayPool.Block block = kernels.memory().take(precision, layout.size());
        long bytes = (long) layout.size() * precision.bytes();
        MatrixMemory.add(bytes);
        return new Nd4jMatrix(new Storage(kernels, precision, block, bytes), layout, true);
    }

    /** A new packed matrix of the same kernels whose numbers are whatever was in the memory. */
    Nd4jMatrix scratch(int rows, int columns, Precision precision) {
        return uninitialised(storage.kernels, Layout.packed(rows, columns, Nd4jBackend.MAX_ELEMENTS), precision);
    }

    Kernels kernels() {
        return storage.kernels;
    }

    boolean packed() {
        return layout.packed();
    }

    /** All elements as a one-dimensional ND4J array; packed matrices only. */
    INDArray flat() {
        if (!packed()) {
            throw new IllegalArgumentException("expected a packed matrix, found stride " + stride() + " in " + this);
        }
        INDArray array = storage.open();
        return array.length() == layout.size()
                ? array
                : Nd4j.create(array.data(), new long[] {layout.size()}, new long[] {1}, layout.offset(), 'c');
    }

    /** The elements as a two-dimensional ND4J array with this matrix's stride. */
    INDArray grid() {
        return Nd4j.create(
                storage.open().data(), new long[] {rows(), columns()}, new long[] {stride(), 1}, layout.offset(), 'c');
    }

    /** The address of the first element of float32 in host memory; only where ND4J runs on the CPU. */
    FloatPointer floats() {
        return ((FloatPointer) storage.hostAddress()).getPointer(layout.offset());
    }

    /** The address of the first element of float64 in host memory; only where ND4J runs on the CPU. */
    DoublePointer doubles() {
        return ((DoublePointer) storage.hostAddress()).getPointer(layout.offset());
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
    public Nd4jMatrix view(int firstRow, int rowCount, int firstColumn, int columnCount) {
        return new Nd4jMatrix(storage, layout.part(firstRow, rowCount, firstColumn, columnCount), false);
    }

    @Override
    public Nd4jMatrix rows(int firstRow, int rowCount) {
        return view(firstRow, rowCount, 0, columns());
    }

    @Override
    public Nd4jMatrix reshape(int newRows, int newColumns) {
        return new Nd4jMatrix(storage, layout.reshape(newRows, newColumns), false);
    }

    @Override
    public void read(int firstRow, int rowCount, float[] target, int offset) {
        int count = checkRead(firstRow, rowCount, target.length, offset);
        if (count == 0) {
            return;
        }
        Nd4jMatrix part = rows(firstRow, rowCount);
        if (precision() == Precision.FLOAT32) {
            kernels().read(part, target, offset);
            return;
        }
        double[] numbers = new double[count];
        kernels().read(part, numbers, 0);
        for (int i = 0; i < count; i++) {
            target[offset + i] = (float) numbers[i];
        }
    }

    @Override
    public void read(int firstRow, int rowCount, double[] target, int offset) {
        int count = checkRead(firstRow, rowCount, target.length, offset);
        if (count == 0) {
            return;
        }
        Nd4jMatrix part = rows(firstRow, rowCount);
        if (precision() == Precision.FLOAT64) {
            kernels().read(part, target, offset);
            return;
        }
        float[] numbers = new float[count];
        kernels().read(part, numbers, 0);
        for (int i = 0; i < count; i++) {
            target[offset + i] = numbers[i];
        }
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

    private int checkRead(int firstRow, int rowCount, int targetLength, int offset) {
        Objects.checkFromIndexSize(firstRow, rowCount, rows());
        Objects.checkFromIndexSize(offset, rowCount * columns(), targetLength);
        return rowCount * columns();
    }

    @Override
    public void close() {
        if (owner) {
            storage.close();
        }
    }

    @Override
    public String toString() {
        return precision() + " matrix " + layout;
    }
}
