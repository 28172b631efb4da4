package io.github.influence4j.openblas.internal;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.Layout;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Consumer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;

/**
 * A strided view of a {@link Block}. Use after the owner was closed is an {@link IllegalStateException}; the calls that run while it is
 * closed still have the memory.
 */
public final class NativeMatrix implements BackendMatrix {

    private final Storage storage;
    private final Layout layout;
    private final boolean owner;

    private NativeMatrix(Storage storage, Layout layout, boolean owner) {
        this.storage = storage;
        this.layout = layout;
        this.owner = owner;
    }

    /**
     * Makes a packed matrix whose numbers are whatever was in the memory.
     *
     * @param kernels what works on it
     * @param layout a packed layout
     * @param precision type of the elements
     * @return an owner
     */
    public static NativeMatrix uninitialised(Kernels kernels, Layout layout, Precision precision) {
        Block block = kernels.memory().take(precision, layout.size());
        return new NativeMatrix(new Storage(kernels, block, layout.size() * precision.bytes()), layout, true);
    }

    /**
     * Makes a packed matrix of the same kernels whose numbers are whatever was in the memory.
     *
     * @param rows number of rows
     * @param columns number of columns
     * @param precision type of the elements
     * @return an owner
     */
    public NativeMatrix scratch(int rows, int columns, Precision precision) {
        return uninitialised(kernels(), Layout.packed(rows, columns, NativeBackend.MAX_ELEMENTS), precision);
    }

    /**
     * Returns what works on the memory.
     *
     * @return the kernels
     */
    public Kernels kernels() {
        return storage.kernels();
    }

    /**
     * Returns where the elements lie in the memory.
     *
     * @return the layout
     */
    public Layout layout() {
        return layout;
    }

    /**
     * Tells whether the rows follow each other without gaps.
     *
     * @return whether the elements are one range of memory
     */
    public boolean packed() {
        return layout.packed();
    }

    /**
     * Returns the memory; only while a call is entered.
     *
     * @return the memory, perhaps larger than the matrix
     */
    public Block block() {
        return storage.block();
    }

    /** Keeps the memory of matrices until {@link #leave}, whoever closes them. */
    static void enter(NativeMatrix... matrices) {
        for (int k = 0; k < matrices.length; k++) {
            try {
                matrices[k].storage.use().enter();
            } catch (IllegalStateException e) {
                leave(k, matrices);
                throw e;
            }
        }
    }

    static void leave(NativeMatrix... matrices) {
        leave(matrices.length, matrices);
    }

    private static void leave(int count, NativeMatrix... matrices) {
        for (int k = 0; k < count; k++) {
            matrices[k].storage.use().leave();
        }
    }

    /** The address of the first element of float32 in host memory; only while a call is entered. */
    FloatPointer floats() {
        return ((FloatPointer) block().address()).getPointer(layout.offset());
    }

    /** The address of the first element of float64 in host memory; only while a call is entered. */
    DoublePointer doubles() {
        return ((DoublePointer) block().address()).getPointer(layout.offset());
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
        return storage.block().precision();
    }

    @Override
    public NativeMatrix view(int firstRow, int rowCount, int firstColumn, int columnCount) {
        return new NativeMatrix(storage, layout.part(firstRow, rowCount, firstColumn, columnCount), false);
    }

    @Override
    public NativeMatrix rows(int firstRow, int rowCount) {
        return view(firstRow, rowCount, 0, columns());
    }

    @Override
    public NativeMatrix reshape(int newRows, int newColumns) {
        return new NativeMatrix(storage, layout.reshape(newRows, newColumns), false);
    }

    @Override
    public void read(int firstRow, int rowCount, float[] target, int offset) {
        int count = checkRead(firstRow, rowCount, target.length, offset);
        if (precision() == Precision.FLOAT32) {
            read(firstRow, rowCount, part -> kernels().read(part, target, offset));
            return;
        }
        double[] numbers = new double[count];
        read(firstRow, rowCount, part -> kernels().read(part, numbers, 0));
        for (int i = 0; i < count; i++) {
            target[offset + i] = (float) numbers[i];
        }
    }

    @Override
    public void read(int firstRow, int rowCount, double[] target, int offset) {
        int count = checkRead(firstRow, rowCount, target.length, offset);
        if (precision() == Precision.FLOAT64) {
            read(firstRow, rowCount, part -> kernels().read(part, target, offset));
            return;
        }
        float[] numbers = new float[count];
        read(firstRow, rowCount, part -> kernels().read(part, numbers, 0));
        for (int i = 0; i < count; i++) {
            target[offset + i] = numbers[i];
        }
    }

    private void read(int firstRow, int rowCount, Consumer<NativeMatrix> reader) {
        if (rowCount > 0) {
            storage.use().enter();
            try {
                reader.accept(rows(firstRow, rowCount));
            } finally {
                storage.use().leave();
            }
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
            storage.use().close();
        }
    }

    @Override
    public String toString() {
        return precision() + " matrix " + layout + " of backend '" + kernels().backend() + "'";
    }
}
