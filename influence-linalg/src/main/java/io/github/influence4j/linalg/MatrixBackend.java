package io.github.influence4j.linalg;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import java.util.function.IntConsumer;

/**
 * The dense operations that the estimators are made of, on matrices in the backend's own memory.
 *
 * <p>The interface is written for memory that may lie on a device: matrices go there by {@link #upload}, come back by
 * {@link Matrix#read}, and are never touched element by element. A backend has one working precision; {@link
 * #zeros(int, int, Precision)} makes float64 matrices in any backend, and the operations that accept them say so. Where
 * nothing is said, all matrices of a call have the same precision.
 *
 * <p>Operations may be queued: they then run in the order in which they were asked for, closing a matrix takes effect after
 * them, in whichever thread they run, and {@link Matrix#read} and {@link #finish} wait for them. An upload returns when its source may be changed, unless that
 * lies in the backend's memory. Where a card has too little memory, whatever makes a matrix throws a {@link
 * DeviceMemoryException}.
 *
 * <p>All operations accept views with a stride. Shapes that do not fit are refused with an {@link
 * IllegalArgumentException} that gives the operation and the shapes, and so is a matrix of another backend, but for the source of {@link
 * #upload} and {@link #copyOf}, which take any. Results must not overlap operands unless that is
 * allowed explicitly. Backends are safe for use by several threads that write to different matrices.
 */
public interface MatrixBackend extends AutoCloseable {

    /**
     * Returns the name by which the backend is asked for.
     *
     * @return for instance {@code openblas}
     */
    String name();

    /**
     * Returns the backend's versions, kernels, device and threads in words, for the provenance of results.
     *
     * @return one line
     */
    String description();

    /**
     * Returns the working precision.
     *
     * @return the precision of {@link #zeros(int, int)}
     */
    Precision precision();

    /**
     * Returns how much memory matrices may still take.
     *
     * @return bytes, an estimate
     */
    long availableMemory();

    /**
     * Returns the largest number of elements of one matrix.
     *
     * @return elements
     */
    long maxElements();

    /**
     * Returns how much the backend is best given at a time.
     *
     * @return sizes in numbers
     */
    default WorkSizes workSizes() {
        return WorkSizes.PROCESSOR.withCores(parallelism());
    }

    /**
     * Says by how much memory of closed matrices, which is kept for others, may add to the most that is in use at once.
     *
     * @return bytes; 0 where it is given back at once
     */
    default long keptForReuseBytes() {
        return 0;
    }

    /**
     * Tells whether a matrix lies in this backend's memory already, so that its operations can use it as it is.
     *
     * @param matrix any matrix
     * @return whether it is one of this backend's, whose type is then {@link BackendMatrix}
     */
    boolean holds(Matrix matrix);

    /** Waits until the operations asked for so far are done, so that what they read may be changed by others. */
    default void finish() {}

    /**
     * Tells whether all numbers of a matrix are finite.
     *
     * @param matrix any precision
     * @return false if one is infinite or not a number
     */
    default boolean isFinite(BackendMatrix matrix) {
        Shapes.held(this, "isFinite", matrix);
        return FiniteCheck.finite(this, matrix);
    }

    /**
     * Makes a matrix of zeros.
     *
     * @param rows number of rows
     * @param columns number of columns
     * @param precision type of the elements
     * @return a packed matrix that the caller closes
     * @throws IllegalArgumentException if a dimension is not positive, the matrix has more than {@link #maxElements()}
     *     elements, or the backend lacks the precision
     */
    BackendMatrix zeros(int rows, int columns, Precision precision);

    /**
     * Makes a matrix of zeros in the working precision.
     *
     * @param rows number of rows
     * @param columns number of columns
     * @return a packed matrix that the caller closes
     */
    default BackendMatrix zeros(int rows, int columns) {
        return zeros(rows, columns, precision());
    }

    /**
     * Makes a matrix of undefined content, for whoever overwrites all of it: memory is then not touched twice.
     *
     * @param rows number of rows
     * @param columns number of columns
     * @param precision type of the elements
     * @return a packed matrix that the caller closes
     * @throws IllegalArgumentException as for {@link #zeros(int, int, Precision)}
     */
    default BackendMatrix uninitialised(int rows, int columns, Precision precision) {
        return zeros(rows, columns, precision);
    }

    /**
     * Copies the first numbers of an array into the backend's memory, converting to the target's precision.
     *
     * @param numbers row-major, packed, at least as many as the target has; may be longer
     * @param target receives them
     * @throws IllegalArgumentException if there are too few numbers
     */
    default void upload(float[] numbers, BackendMatrix target) {
        Shapes.upload(numbers.length, target);
        upload(Matrix.of(numbers, target.rows(), target.columns()), target);
    }

    /**
     * Copies the first numbers of an array into the backend's memory, converting to the target's precision.
     *
     * @param numbers row-major, packed, at least as many as the target has; may be longer
     * @param target receives them
     * @throws IllegalArgumentException if there are too few numbers
     */
    default void upload(double[] numbers, BackendMatrix target) {
        Shapes.upload(numbers.length, target);
        upload(Matrix.of(numbers, target.rows(), target.columns()), target);
    }

    /**
     * Copies a matrix into the backend's memory, converting to the target's precision. The source may be a backend matrix.
     *
     * @param source the numbers
     * @param target receives them; same shape
     */
    void upload(Matrix source, BackendMatrix target);

    /**
     * Copies a matrix into new memory of the backend.
     *
     * @param source the numbers
     * @param precision type of the new matrix
     * @return a packed matrix that the caller closes
     */
    default BackendMatrix copyOf(Matrix source, Precision precision) {
        BackendMatrix copy = uninitialised(source.rows(), source.columns(), precision);
        try {
            upload(source, copy);
            return copy;
        } catch (RuntimeException | Error e) {
            copy.close();
            throw e;
        }
    }

    /**
     * Computes c = alpha · a b + beta · c. With beta = 0 the old content of c is ignored, NaN included. Costs 2mnk flops.
     *
     * @param alpha factor of the product
     * @param a left operand, [m, k]
     * @param b right operand, [k, n]
     * @param beta factor of the old content
     * @param c result, [m, n]
     */
    void multiply(double alpha, Operand a, Operand b, double beta, BackendMatrix c);

    /**
     * Computes c = a b.
     *
     * @param a left operand, [m, k]
     * @param b right operand, [k, n]
     * @param c result, [m, n]
     */
    default void multiply(Operand a, Operand b, BackendMatrix c) {
        multiply(1, a, b, 0, c);
    }

    /**
     * Computes c_j = alpha · a_j b_j + beta · c_j for every member j of a batch. Operands that are not {@link
     * Operand#shared()} and the result are stacks of equal blocks of rows, block j for member j.
     *
     * @param members number of members; must divide the rows of every stack
     * @param alpha factor of the products
     * @param a left operands
     * @param b right operands
     * @param beta factor of the old content
     * @param c results
     */
    void multiplyBatch(int members, double alpha, Operand a, Operand b, double beta, BackendMatrix c);

    /**
     * Computes the upper triangle of c = alpha · aᵀa + beta · c; what is below the diagonal is undefined until {@link
     * #mirrorUpper}. Costs k·n² flops for a of [k, n].
     *
     * @param alpha factor of the product
     * @param a [k, n]
     * @param beta factor of the old upper triangle; with 0 it is ignored
     * @param c result, [n, n]
     */
    void rankUpdate(double alpha, BackendMatrix a, double beta, BackendMatrix c);

    /**
     * Copies the upper triangle onto the lower one.
     *
     * @param c [n, n], any precision
     */
    default void mirrorUpper(BackendMatrix c) {
        mirrorUpper(1, c, c);
    }

    /**
     * Computes the symmetric matrix whose upper triangle is alpha times that of another, which may be the result itself.
     *
     * @param alpha factor
     * @param upper its upper triangle is used, [n, n], any precision
     * @param result [n, n], any precision
     */
    void mirrorUpper(double alpha, BackendMatrix upper, BackendMatrix result);

    /**
     * Computes y = y + alpha · x; x may be of the working precision and y of float64.
     *
     * @param alpha factor
     * @param x what is added
     * @param y what is changed
     */
    void addScaled(double alpha, BackendMatrix x, BackendMatrix y);

    /**
     * Computes c = a ∘ b, elementwise; c may be a or b.
     *
     * @param a left factor
     * @param b right factor
     * @param c result
     */
    void multiplyElements(BackendMatrix a, BackendMatrix b, BackendMatrix c);

    /**
     * Computes c = beta · c + Σ_j a_j ∘ a_j over the blocks of rows of a, in the precision of c.
     *
     * @param blocks number of blocks; must divide the rows of a
     * @param a [blocks·m, n], working precision or float64
     * @param beta factor of the old content; with 0 it is ignored
     * @param c [m, n], float64 or the precision of a
     */
    void addSquares(int blocks, BackendMatrix a, double beta, BackendMatrix c);

    /**
     * Computes result = 1 / (values + shift) in float64, rounded to the result's precision.
     *
     * @param values float64
     * @param shift added to every value
     * @param result same shape, any precision
     */
    void shiftedReciprocal(BackendMatrix values, double shift, BackendMatrix result);

    /**
     * Computes inner products of segments of rows: result[r][g] = Σ_j a[r][g·w + j] · b[r][g·w + j] for j &lt; w, where w is
     * the columns of a divided by the groups. Where b has only w columns, every group of a meets the same b: result[r][g]
     * = Σ_j a[r][g·w + j] · b[r][j].
     *
     * @param groups number of groups; must divide the columns of a
     * @param a [r, groups·w]
     * @param b [r, groups·w] or [r, w]
     * @param result [r, groups], working precision
     */
    void rowDots(int groups, BackendMatrix a, BackendMatrix b, BackendMatrix result);

    /**
     * Decomposes a symmetric matrix in float64 (LAPACK's divide and conquer or an equivalent).
     *
     * @param symmetric [n, n], float64, both triangles filled; not changed
     * @return eigenvalues ascending, eigenvectors in columns; the caller closes it
     * @throws io.github.influence4j.api.NumericalException if the input is not finite or the iteration does not converge
     */
    SymmetricEigen eigen(BackendMatrix symmetric);

    /**
     * Computes a thin singular value decomposition in float64.
     *
     * @param matrix [m, n], float64; not changed
     * @return the decomposition; the caller closes it
     * @throws io.github.influence4j.api.NumericalException if the input is not finite or the iteration does not converge
     */
    ThinSvd svd(BackendMatrix matrix);

    /**
     * Replaces the columns of a matrix by orthonormal ones that span at least the same space. Costs some 4mn² flops by QR, three
     * times as many by an SVD.
     *
     * @param columns [m, n] with m ≥ n, float64
     * @throws io.github.influence4j.api.NumericalException if the matrix is not finite or the iteration does not converge
     */
    default void orthonormalise(BackendMatrix columns) {
        Shapes.orthonormalise(columns);
        Shapes.held(this, "orthonormalise", columns);
        try (ThinSvd svd = svd(columns)) {
            upload(svd.u(), columns);
        }
    }

    /**
     * Replaces the upper triangle of a symmetric positive definite matrix by its Cholesky factor R, RᵀR = A; what is below
     * the diagonal is undefined afterwards. Costs n³/3 flops.
     *
     * @param matrix [n, n], float64, packed; its upper triangle is used
     * @throws io.github.influence4j.api.NumericalException if the matrix is not positive definite
     */
    void cholesky(BackendMatrix matrix);

    /**
     * Solves RᵀR x = y for every column of y. Costs 2n² flops a column.
     *
     * @param factor result of {@link #cholesky}
     * @param rightHandSides y, [n, k], float64, packed; overwritten by x
     */
    void choleskySolve(BackendMatrix factor, BackendMatrix rightHandSides);

    /**
     * Returns how many tasks {@link #inParallel} can run at a time.
     *
     * @return at least 1
     */
    default int parallelism() {
        return 1;
    }

    /**
     * Returns how many decompositions can run at the same time in tasks of {@link #inParallel}.
     *
     * @return at least 1; 1 where they are done in turn, as on a card
     */
    default int decompositionsAtOnce() {
        return 1;
    }

    /**
     * Runs independent tasks, several at a time if there are several and the backend has cores for them. What a task calls
     * runs on one core, so that the same task gives the same bits whatever runs beside it. Other threads' operations may
     * wait until all tasks are done.
     *
     * @param tasks number of tasks, not more than a few for each core
     * @param task is called with 0 to tasks − 1, from several threads; may use matrices that no other task changes
     */
    default void inParallel(int tasks, IntConsumer task) {
        for (int k = 0; k < tasks; k++) {
            task.accept(k);
        }
    }

    @Override
    void close();
}
