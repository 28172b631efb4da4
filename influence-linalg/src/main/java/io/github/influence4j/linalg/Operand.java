package io.github.influence4j.linalg;

/**
 * A factor of a product: a matrix, perhaps transposed, and in a batch perhaps the same for every member.
 *
 * @param matrix the matrix
 * @param transposed whether its transpose is meant
 * @param shared in a batched product, whether the whole matrix is used by every member instead of being cut into equal
 *     blocks of rows
 */
public record Operand(BackendMatrix matrix, boolean transposed, boolean shared) {

    /**
     * Returns the matrix as it is.
     *
     * @param matrix the matrix
     * @return the operand
     */
    public static Operand of(BackendMatrix matrix) {
        return new Operand(matrix, false, false);
    }

    /**
     * Returns the transpose of the matrix (of each block, in a batch).
     *
     * @param matrix the matrix
     * @return the operand
     */
    public static Operand transposed(BackendMatrix matrix) {
        return new Operand(matrix, true, false);
    }

    /**
     * Returns the operand that every member of a batch uses whole.
     *
     * @return a shared operand
     */
    public Operand forAll() {
        return new Operand(matrix, transposed, true);
    }

    /**
     * Returns the rows of the (transposed) matrix.
     *
     * @return rows
     */
    public int rows() {
        return transposed ? matrix.columns() : matrix.rows();
    }

    /**
     * Returns the columns of the (transposed) matrix.
     *
     * @return columns
     */
    public int columns() {
        return transposed ? matrix.rows() : matrix.columns();
    }
}
