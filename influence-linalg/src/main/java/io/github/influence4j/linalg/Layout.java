package io.github.influence4j.linalg;

import java.util.Objects;

/**
 * Where the elements of a row-major matrix lie in the memory of its owner; for implementers of {@link BackendMatrix}.
 *
 * @param offset index of the first element
 * @param rows number of rows
 * @param columns number of columns
 * @param stride distance between the starts of two rows
 */
public record Layout(long offset, int rows, int columns, int stride) {

    /**
     * Returns the layout of a matrix that fills its memory.
     *
     * @param rows number of rows
     * @param columns number of columns
     * @param maxElements most elements that the memory can have
     * @return a packed layout
     * @throws IllegalArgumentException if a dimension is not positive or the elements are too many
     */
    public static Layout packed(int rows, int columns, long maxElements) {
        if (rows <= 0 || columns <= 0) {
            throw new IllegalArgumentException("a matrix cannot be " + rows + " x " + columns);
        }
        if ((long) rows * columns > maxElements) {
            throw new IllegalArgumentException("a matrix of " + rows + " x " + columns
                    + " is more than this backend's limit of " + maxElements + " elements");
        }
        return new Layout(0, rows, columns, columns);
    }

    /**
     * Returns the layout of a rectangular part.
     *
     * @param firstRow first row
     * @param rowCount number of rows, at least 1
     * @param firstColumn first column
     * @param columnCount number of columns, at least 1
     * @return the part, with the same stride
     * @throws IndexOutOfBoundsException if the part lies outside
     * @throws IllegalArgumentException if the part is empty
     */
    public Layout part(int firstRow, int rowCount, int firstColumn, int columnCount) {
        Objects.checkFromIndexSize(firstRow, rowCount, rows);
        Objects.checkFromIndexSize(firstColumn, columnCount, columns);
        if (rowCount == 0 || columnCount == 0) {
            throw new IllegalArgumentException("a view cannot be " + rowCount + " x " + columnCount);
        }
        return new Layout(start(firstRow) + firstColumn, rowCount, columnCount, stride);
    }

    /**
     * Returns the layout of the same elements with other dimensions.
     *
     * @param newRows number of rows
     * @param newColumns number of columns
     * @return a packed layout
     * @throws IllegalArgumentException if the number of elements differs or this layout is not packed
     */
    public Layout reshape(int newRows, int newColumns) {
        if (newRows <= 0 || newColumns <= 0 || (long) newRows * newColumns != size() || !packed()) {
            throw new IllegalArgumentException("cannot reshape " + rows + " x " + columns + " with stride " + stride
                    + " to " + newRows + " x " + newColumns);
        }
        return new Layout(offset, newRows, newColumns, newColumns);
    }

    /**
     * Tells whether the rows follow each other without gaps.
     *
     * @return whether the elements are one range of memory
     */
    public boolean packed() {
        return stride == columns || rows == 1;
    }

    /**
     * Returns the index of the first element of a row.
     *
     * @param row the row
     * @return an index in the owner's memory
     */
    public long start(int row) {
        return offset + (long) row * stride;
    }

    /**
     * Returns the number of elements.
     *
     * @return rows times columns
     */
    public long size() {
        return (long) rows * columns;
    }

    @Override
    public String toString() {
        return rows + " x " + columns;
    }
}
