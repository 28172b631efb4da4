package io.github.influence4j.api;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;

/**
 * A read-only two-dimensional view of numbers that is read by ranges of rows.
 *
 * <p>A host wraps the arrays or buffers it has, without a copy; a backend's own matrices implement it too, so that what is
 * on a device already can stay there. Implementations must give the same numbers for every division of the rows into
 * ranges, and may compute them on the fly (the unfolded patches of a convolution, for instance).
 *
 * <p>Views do not own memory: what they wrap must stay unchanged and reachable while they are in use.
 */
public interface Matrix {

    /**
     * Returns the number of rows.
     *
     * @return rows, at least 0
     */
    int rows();

    /**
     * Returns the number of columns.
     *
     * @return columns, at least 0
     */
    int columns();

    /**
     * Returns the type in which the elements are held.
     *
     * @return the element type
     */
    Precision precision();

    /**
     * Copies rows into {@code target}, packed row after row, rounding where this matrix is {@link Precision#FLOAT64}.
     *
     * @param firstRow first row to copy
     * @param rowCount number of rows to copy
     * @param target receives {@code rowCount × columns()} numbers
     * @param offset index in {@code target} of the first number
     * @throws IndexOutOfBoundsException if the rows or the target's range do not exist
     */
    void read(int firstRow, int rowCount, float[] target, int offset);

    /**
     * Copies rows into {@code target}, packed row after row.
     *
     * @param firstRow first row to copy
     * @param rowCount number of rows to copy
     * @param target receives {@code rowCount × columns()} numbers
     * @param offset index in {@code target} of the first number
     * @throws IndexOutOfBoundsException if the rows or the target's range do not exist
     */
    void read(int firstRow, int rowCount, double[] target, int offset);

    /**
     * Says whether several threads may read at the same time, so that large matrices are copied by several cores. True of
     * what the methods {@code of} return; false unless overridden, because a matrix may compute its rows with memory of its
     * own.
     *
     * @return whether reads may overlap in time
     */
    default boolean allowsConcurrentReads() {
        return false;
    }

    /**
     * Copies the whole matrix into a new array of rows; meant for small matrices and for looking at results.
     *
     * @return a new array {@code [rows][columns]}
     */
    default double[][] toArray() {
        double[][] result = new double[rows()][columns()];
        for (int r = 0; r < result.length; r++) {
            read(r, 1, result[r], 0);
        }
        return result;
    }

    /**
     * Wraps a packed row-major array.
     *
     * @param data at least {@code rows × columns} numbers; not copied
     * @param rows number of rows
     * @param columns number of columns
     * @return a view of {@code data}
     * @throws IllegalArgumentException if a dimension is negative or the array is too short
     */
    static Matrix of(float[] data, int rows, int columns) {
        return new BufferMatrix.OfFloat(FloatBuffer.wrap(data), rows, columns, columns);
    }

    /**
     * Wraps a packed row-major array.
     *
     * @param data at least {@code rows × columns} numbers; not copied
     * @param rows number of rows
     * @param columns number of columns
     * @return a view of {@code data}
     * @throws IllegalArgumentException if a dimension is negative or the array is too short
     */
    static Matrix of(double[] data, int rows, int columns) {
        return new BufferMatrix.OfDouble(DoubleBuffer.wrap(data), rows, columns, columns);
    }

    /**
     * Wraps rows that lie {@code stride} numbers apart in a heap or direct buffer, starting at the buffer's index 0.
     *
     * @param data the numbers, addressed absolutely (the buffer's position is ignored and left alone)
     * @param rows number of rows
     * @param columns number of columns
     * @param stride distance between the starts of two rows, at least {@code columns}
     * @return a view of {@code data}
     * @throws IllegalArgumentException if a dimension is negative, the stride too small or the buffer too short
     */
    static Matrix of(FloatBuffer data, int rows, int columns, int stride) {
        return new BufferMatrix.OfFloat(data, rows, columns, stride);
    }

    /**
     * Wraps rows that lie {@code stride} numbers apart in a heap or direct buffer, starting at the buffer's index 0.
     *
     * @param data the numbers, addressed absolutely (the buffer's position is ignored and left alone)
     * @param rows number of rows
     * @param columns number of columns
     * @param stride distance between the starts of two rows, at least {@code columns}
     * @return a view of {@code data}
     * @throws IllegalArgumentException if a dimension is negative, the stride too small or the buffer too short
     */
    static Matrix of(DoubleBuffer data, int rows, int columns, int stride) {
        return new BufferMatrix.OfDouble(data, rows, columns, stride);
    }

    /**
     * Wraps an array of rows of equal length.
     *
     * @param rows the rows; not copied
     * @return a view of {@code rows}
     * @throws IllegalArgumentException if the rows differ in length
     */
    static Matrix of(double[][] rows) {
        return new RowsMatrix.OfDouble(rows);
    }

    /**
     * Wraps an array of rows of equal length.
     *
     * @param rows the rows; not copied
     * @return a view of {@code rows}
     * @throws IllegalArgumentException if the rows differ in length
     */
    static Matrix of(float[][] rows) {
        return new RowsMatrix.OfFloat(rows);
    }
}
