package io.github.influence4j.linalg.nd4j;

import io.github.influence4j.linalg.Operand;
import java.util.function.Consumer;
import org.bytedeco.javacpp.DoublePointer;

/**
 * What touches the memory of the matrices in bulk, in one way where it is host memory and in another where it is not.
 * Shapes and precisions were checked by the caller.
 */
interface Kernels {

    /** Where the matrices' memory comes from and goes back to. */
    ArrayPool memory();

    /** c = alpha a b + beta c, of one precision, with any strides. */
    void multiply(
            double alpha,
            Nd4jMatrix a,
            boolean aTransposed,
            Nd4jMatrix b,
            boolean bTransposed,
            double beta,
            Nd4jMatrix c);

    /**
     * The products of a batch, one after the other. OpenBLAS's gemm_batch would be the native way, but 0.3.31's crashes on
     * small members.
     */
    default void multiplyBatch(int members, double alpha, Operand a, Operand b, double beta, Nd4jMatrix c) {
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

    private static Nd4jMatrix member(int members, int j, Operand operand) {
        Nd4jMatrix matrix = Nd4jBackend.own(operand.matrix());
        return operand.shared() ? matrix : block(members, j, matrix);
    }

    private static Nd4jMatrix block(int blocks, int j, Nd4jMatrix matrix) {
        int rows = matrix.rows() / blocks;
        return matrix.rows(j * rows, rows);
    }

    /** At least the upper triangle of c = alpha aᵀa + beta c. */
    void rankUpdate(double alpha, Nd4jMatrix a, double beta, Nd4jMatrix c);

    /** Sets every number of a packed matrix to 0. */
    void clear(Nd4jMatrix matrix);

    /** Copies a matrix or its transpose into one of the same precision, with any strides. */
    void copy(Nd4jMatrix source, boolean transposed, Nd4jMatrix target);

    /** Copies packed numbers from the start of an array into a float32 matrix. */
    void write(float[] numbers, Nd4jMatrix target);

    /** Copies packed numbers from the start of an array into a float64 matrix. */
    void write(double[] numbers, Nd4jMatrix target);

    /** Copies a float32 matrix packed into an array. */
    void read(Nd4jMatrix source, float[] target, int offset);

    /** Copies a float64 matrix packed into an array. */
    void read(Nd4jMatrix source, double[] target, int offset);

    /** Copies between matrices of any precisions and strides. */
    void convert(Nd4jMatrix source, Nd4jMatrix target);

    /** y = y + alpha x. */
    void addScaled(double alpha, Nd4jMatrix x, Nd4jMatrix y);

    /** c = a ∘ b. */
    void multiplyElements(Nd4jMatrix a, Nd4jMatrix b, Nd4jMatrix c);

    /** c = beta c + the sum of the squared blocks of rows of a. */
    void addSquares(int blocks, Nd4jMatrix a, double beta, Nd4jMatrix c);

    /** result = 1 / (values + shift), in float64. */
    void shiftedReciprocal(Nd4jMatrix values, double shift, Nd4jMatrix result);

    /** Inner products of segments of rows. */
    void rowDots(int groups, Nd4jMatrix a, Nd4jMatrix b, Nd4jMatrix result);

    /** The symmetric matrix of which alpha · upper has the upper triangle; result may be upper. */
    void mirrorUpper(double alpha, Nd4jMatrix upper, Nd4jMatrix result);

    /**
     * Gives a packed float64 matrix in host memory to LAPACK: the memory itself where it is the host's, else a copy.
     *
     * @param matrix the matrix
     * @param changed whether the work changes the numbers and the matrix is to be changed with them
     * @param work uses the numbers while it runs, not longer
     */
    void onHost(Nd4jMatrix matrix, boolean changed, Consumer<DoublePointer> work);
}
