package io.github.influence4j.linalg.ejml;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.Layout;
import java.util.Objects;
import org.ejml.data.DMatrixRMaj;
import org.jspecify.annotations.Nullable;

/** A strided view of a Java array. Use after the owner was closed is an {@link IllegalStateException}. */
final class EjmlMatrix implements BackendMatrix {

    /** The memory that an owner and its views share. */
    private static final class Storage {
        private volatile double @Nullable [] data;

        Storage(double[] data) {
            this.data = data;
        }

        double[] open() {
            double[] open = data;
            if (open == null) {
                throw new IllegalStateException("the matrix was closed");
            }
            return open;
        }
    }

    private final Storage storage;
    private final Layout layout;
    private final boolean owner;

    private EjmlMatrix(Storage storage, Layout layout, boolean owner) {
        this.storage = storage;
        this.layout = layout;
        this.owner = owner;
    }

    /** A new owner of {@code data}. */
    static EjmlMatrix owning(double[] data, Layout layout) {
        return new EjmlMatrix(new Storage(data), layout, true);
    }

    /** The same numbers in memory that nobody closes. */
    EjmlMatrix forCall() {
        return new EjmlMatrix(new Storage(storage.open()), layout, false);
    }

    double[] data() {
        return storage.open();
    }

    /** Index in {@link #data()} of the first number of {@code row}. */
    int start(int row) {
        return (int) layout.start(row);
    }

    /** The numbers as EJML wants them: this memory itself where they lie at its start without gaps, else a copy. */
    DMatrixRMaj dense() {
        return layout.packed() && layout.offset() == 0
                ? DMatrixRMaj.wrap(rows(), columns(), data())
                : DMatrixRMaj.wrap(rows(), columns(), packedCopy());
    }

    double[] packedCopy() {
        double[] copy = new double[rows() * columns()];
        read(0, rows(), copy, 0);
        return copy;
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
        return Precision.FLOAT64;
    }

    @Override
    public EjmlMatrix view(int firstRow, int rowCount, int firstColumn, int columnCount) {
        return new EjmlMatrix(storage, layout.part(firstRow, rowCount, firstColumn, columnCount), false);
    }

    @Override
    public EjmlMatrix rows(int firstRow, int rowCount) {
        return view(firstRow, rowCount, 0, columns());
    }

    @Override
    public EjmlMatrix reshape(int newRows, int newColumns) {
        return new EjmlMatrix(storage, layout.reshape(newRows, newColumns), false);
    }

    @Override
    public void read(int firstRow, int rowCount, float[] target, int offset) {
        Objects.checkFromIndexSize(firstRow, rowCount, rows());
        Objects.checkFromIndexSize(offset, rowCount * columns(), target.length);
        double[] data = data();
        for (int r = 0, k = offset; r < rowCount; r++) {
            for (int i = start(firstRow + r), end = i + columns(); i < end; i++) {
                target[k++] = (float) data[i];
            }
        }
    }

    @Override
    public void read(int firstRow, int rowCount, double[] target, int offset) {
        Objects.checkFromIndexSize(firstRow, rowCount, rows());
        Objects.checkFromIndexSize(offset, rowCount * columns(), target.length);
        double[] data = data();
        for (int r = 0; r < rowCount; r++) {
            System.arraycopy(data, start(firstRow + r), target, offset + r * columns(), columns());
        }
    }

    @Override
    public void close() {
        if (owner) {
            storage.data = null;
        }
    }

    @Override
    public String toString() {
        return "FLOAT64 matrix " + layout + " of backend '" + EjmlBackend.NAME + "'";
    }
}
