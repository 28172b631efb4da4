package io.github.influence4j.linalg;

import io.github.influence4j.api.Matrix;

/**
 * A row-major matrix in a backend's own memory, or a rectangular view of one.
 *
 * <p>A matrix made by {@link MatrixBackend#zeros} owns its memory and must be closed by whoever made it; a view never
 * owns memory, closing it does nothing, and it must not be used after its owner was closed. Elements are reached through
 * {@link MatrixBackend} and the {@code read} methods (which copy to the host), never one by one.
 */
public interface BackendMatrix extends Matrix, AutoCloseable {

    /**
     * Returns the distance between the starts of two rows.
     *
     * @return at least {@link #columns()}; equal to it where the matrix is packed
     */
    int stride();

    /**
     * Returns a rectangular part as a view.
     *
     * @param firstRow first row
     * @param rowCount number of rows
     * @param firstColumn first column
     * @param columnCount number of columns
     * @return a view of the same memory
     * @throws IndexOutOfBoundsException if the part lies outside
     */
    BackendMatrix view(int firstRow, int rowCount, int firstColumn, int columnCount);

    /**
     * Returns a range of rows as a view.
     *
     * @param firstRow first row
     * @param rowCount number of rows
     * @return a view of the same memory
     * @throws IndexOutOfBoundsException if the rows do not exist
     */
    default BackendMatrix rows(int firstRow, int rowCount) {
        return view(firstRow, rowCount, 0, columns());
    }

    /**
     * Returns the same numbers with other dimensions, as a view; the matrix must be packed.
     *
     * @param newRows number of rows
     * @param newColumns number of columns
     * @return a view of the same memory
     * @throws IllegalArgumentException if the number of elements differs or the matrix is not packed
     */
    BackendMatrix reshape(int newRows, int newColumns);

    @Override
    default boolean allowsConcurrentReads() {
        return true;
    }

    @Override
    void close();
}
