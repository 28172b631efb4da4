package io.github.influence4j.openblas.internal;

import io.github.influence4j.linalg.Operand;
import java.util.function.Consumer;
import org.bytedeco.javacpp.DoublePointer;

/**
 * What touches the memory of the matrices in bulk, in one way where it is host memory and in another where it is not.
 * Shapes, precisions and backends were checked by the caller, who has entered the memory of all operands.
 */
public interface Kernels {

    /**
     * Returns the name of the backend whose matrices these kernels take.
     *
     * @return a name
     */
    String backend();

    /**
     * Returns where the matrices' memory comes from and goes back to.
     *
     * @return the pool
     */
    MemoryPool memory();

    /**
     * Computes c = alpha a b + beta c, of one precision, with any strides.
     *
     * @param alpha factor of the product
     * @param a left factor
     * @param aTransposed whether its transpose is meant
     * @param b right factor
     * @param bTransposed whether its transpose is meant
     * @param beta factor of the old content
     * @param c result
     */
    void multiply(
            double alpha,
            NativeMatrix a,
            boolean aTransposed,
            NativeMatrix b,
            boolean bTransposed,
            double beta,
            NativeMatrix c);

    /**
     * Computes the products of a batch, one after the other. OpenBLAS's gemm_batch would be the native way, but 0.3.31's crashes on
     * small members.
     *
     * @param members number of members
     * @param alpha factor of the products
     * @param a left factors
     * @param b right factors
     * @param beta factor of the old content
     * @param c results
     */
    default void multiplyBatch(int members, double alpha, Operand a, Operand b, double beta, NativeMatrix c) {
        for (int j = 0; j < members; j++) {
            multiply(
                    alpha,
                    member(members, j, a),
                    a.transposed(),
                    member(members, j, b),
                    b.transposed(),
                    beta,
                    block(members, j, c));
        }
    }

    private static NativeMatrix member(int members, int j, Operand operand) {
        NativeMatrix matrix = (NativeMatrix) operand.matrix();
        return operand.shared() ? matrix : block(members, j, matrix);
    }

    private static NativeMatrix block(int blocks, int j, NativeMatrix matrix) {
        int rows = matrix.rows() / blocks;
        return matrix.rows(j * rows, rows);
    }

    /**
     * Computes at least the upper triangle of c = alpha aᵀa + beta c.
     *
     * @param alpha factor of the product
     * @param a the factor
     * @param beta factor of the old content
     * @param c result
     */
    void rankUpdate(double alpha, NativeMatrix a, double beta, NativeMatrix c);

    /**
     * Sets every number of a packed matrix to 0.
     *
     * @param matrix the matrix
     */
    void clear(NativeMatrix matrix);

    /**
     * Copies packed numbers from the start of an array into a float32 matrix.
     *
     * @param numbers at least as many as the target has
     * @param target receives them
     */
    void write(float[] numbers, NativeMatrix target);

    /**
     * Copies packed numbers from the start of an array into a float64 matrix.
     *
     * @param numbers at least as many as the target has
     * @param target receives them
     */
    void write(double[] numbers, NativeMatrix target);

    /**
     * Copies a float32 matrix packed into an array.
     *
     * @param source the numbers
     * @param target receives them
     * @param offset index in the target of the first one
     */
    void read(NativeMatrix source, float[] target, int offset);

    /**
     * Copies a float64 matrix packed into an array.
     *
     * @param source the numbers
     * @param target receives them
     * @param offset index in the target of the first one
     */
    void read(NativeMatrix source, double[] target, int offset);

    /**
     * Copies between matrices of any precisions and strides.
     *
     * @param source the numbers
     * @param target receives them
     */
    void convert(NativeMatrix source, NativeMatrix target);

    /**
     * Tells whether the sum of the magnitudes of a packed matrix is finite, as it can be only where all numbers are.
     *
     * @param matrix packed
     * @return false where it overflows too, and where nothing computes it fast
     */
    default boolean sumIsFinite(NativeMatrix matrix) {
        return false;
    }

    /**
     * Computes y = y + alpha x.
     *
     * @param alpha factor
     * @param x what is added
     * @param y what is changed
     */
    void addScaled(double alpha, NativeMatrix x, NativeMatrix y);

    /**
     * Computes c = a ∘ b.
     *
     * @param a left factor
     * @param b right factor
     * @param c result
     */
    void multiplyElements(NativeMatrix a, NativeMatrix b, NativeMatrix c);

    /**
     * Computes c = beta c + the sum of the squared blocks of rows of a.
     *
     * @param blocks number of blocks
     * @param a what is squared
     * @param beta factor of the old content
     * @param c result
     */
    void addSquares(int blocks, NativeMatrix a, double beta, NativeMatrix c);

    /**
     * Computes result = 1 / (values + shift), in float64.
     *
     * @param values float64
     * @param shift added to every value
     * @param result result
     */
    void shiftedReciprocal(NativeMatrix values, double shift, NativeMatrix result);

    /**
     * Computes inner products of segments of rows.
     *
     * @param groups number of segments of a row
     * @param a left factor
     * @param b right factor
     * @param result result
     */
    void rowDots(int groups, NativeMatrix a, NativeMatrix b, NativeMatrix result);

    /**
     * Computes the symmetric matrix of which alpha · upper has the upper triangle.
     *
     * @param alpha factor
     * @param upper its upper triangle is used
     * @param result may be upper
     */
    void mirrorUpper(double alpha, NativeMatrix upper, NativeMatrix result);

    /**
     * Gives a packed float64 matrix in host memory to LAPACK: the memory itself where it is the host's, else a copy.
     *
     * @param matrix the matrix
     * @param changed whether the work changes the numbers and the matrix is to be changed with them
     * @param work uses the numbers while it runs, not longer
     */
    void onHost(NativeMatrix matrix, boolean changed, Consumer<DoublePointer> work);
}
