package io.github.influence4j.linalg;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;

/**
 * The checks of shapes and precisions that {@link MatrixBackend} promises, for its implementers: every method refuses
 * with an {@link IllegalArgumentException} what the operation of the same name must refuse.
 */
public final class Shapes {

    private Shapes() {}

    /**
     * Checks that a matrix is one of a backend's.
     *
     * @param backend the backend that is to work on it
     * @param operation name of the operation
     * @param matrix the matrix
     */
    public static void held(MatrixBackend backend, String operation, BackendMatrix matrix) {
        if (!backend.holds(matrix)) {
            throw new IllegalArgumentException(operation + ": expected a matrix of backend '" + backend.name()
                    + "', found " + matrix + "; make one of its numbers by copyOf");
        }
    }

    /**
     * Checks the operands of {@link MatrixBackend#upload}.
     *
     * @param source the numbers
     * @param target receives them
     */
    public static void upload(Matrix source, BackendMatrix target) {
        require(sameShape(source, target), "upload", "the same shape twice", source, target);
    }

    /**
     * Checks the operands of {@link MatrixBackend#upload(float[], BackendMatrix)}.
     *
     * @param numbers how many numbers there are
     * @param target receives them
     */
    public static void upload(int numbers, BackendMatrix target) {
        if (numbers < (long) target.rows() * target.columns()) {
            throw new IllegalArgumentException(
                    "upload: expected the numbers of " + describe(target) + ", found " + numbers);
        }
    }

    /**
     * Checks the operands of {@link MatrixBackend#multiply(double, Operand, Operand, double, BackendMatrix)}.
     *
     * @param a left operand
     * @param b right operand
     * @param c result
     */
    public static void multiply(Operand a, Operand b, BackendMatrix c) {
        if (a.columns() != b.rows() || a.rows() != c.rows() || b.columns() != c.columns()) {
            throw new IllegalArgumentException("multiply: expected [m, k] [k, n] = [m, n], found "
                    + describe(a.rows(), a.columns()) + " " + describe(b.rows(), b.columns()) + " = " + describe(c));
        }
        samePrecision("multiply", a.matrix(), b.matrix(), c);
    }

    /**
     * Checks the operands of {@link MatrixBackend#multiplyBatch}.
     *
     * @param members number of members
     * @param a left operands
     * @param b right operands
     * @param c results
     */
    public static void multiplyBatch(int members, Operand a, Operand b, BackendMatrix c) {
        int aRows = memberRows(members, a);
        int bRows = memberRows(members, b);
        divides("multiplyBatch", members, c.rows());
        int m = a.transposed() ? a.matrix().columns() : aRows;
        int k = a.transposed() ? aRows : a.matrix().columns();
        int k2 = b.transposed() ? b.matrix().columns() : bRows;
        int n = b.transposed() ? bRows : b.matrix().columns();
        if (k != k2 || m != c.rows() / members || n != c.columns()) {
            throw new IllegalArgumentException("multiplyBatch: expected [m, k] [k, n] = [m, n] for each of " + members
                    + " members, found " + describe(m, k) + " " + describe(k2, n) + " = "
                    + describe(c.rows() / members, c.columns()));
        }
        samePrecision("multiplyBatch", a.matrix(), b.matrix(), c);
    }

    private static int memberRows(int members, Operand operand) {
        if (operand.shared()) {
            return operand.matrix().rows();
        }
        divides("multiplyBatch", members, operand.matrix().rows());
        return operand.matrix().rows() / members;
    }

    /**
     * Checks the operands of {@link MatrixBackend#rankUpdate}.
     *
     * @param a the factor
     * @param c result
     */
    public static void rankUpdate(BackendMatrix a, BackendMatrix c) {
        require(c.rows() == a.columns() && c.columns() == a.columns(), "rankUpdate", "[k, n] and [n, n]", a, c);
        samePrecision("rankUpdate", a, c);
    }

    /**
     * Checks a matrix that must be square.
     *
     * @param operation name of the operation
     * @param matrix the matrix
     */
    public static void square(String operation, BackendMatrix matrix) {
        require(matrix.rows() == matrix.columns(), operation, "[n, n]", matrix);
    }

    /**
     * Checks the operands of {@link MatrixBackend#mirrorUpper(double, BackendMatrix, BackendMatrix)}.
     *
     * @param upper what is mirrored
     * @param result result
     */
    public static void mirrorUpper(BackendMatrix upper, BackendMatrix result) {
        square("mirrorUpper", upper);
        require(sameShape(upper, result), "mirrorUpper", "the same shape twice", upper, result);
    }

    /**
     * Checks the operands of {@link MatrixBackend#addScaled}.
     *
     * @param x what is added
     * @param y what is changed
     */
    public static void addScaled(BackendMatrix x, BackendMatrix y) {
        require(sameShape(x, y), "addScaled", "the same shape twice", x, y);
        if (y.precision() != Precision.FLOAT64) {
            samePrecision("addScaled", x, y);
        }
    }

    /**
     * Checks the operands of {@link MatrixBackend#multiplyElements}.
     *
     * @param a left factor
     * @param b right factor
     * @param c result
     */
    public static void multiplyElements(BackendMatrix a, BackendMatrix b, BackendMatrix c) {
        require(sameShape(a, b) && sameShape(a, c), "multiplyElements", "the same shape three times", a, b, c);
        samePrecision("multiplyElements", a, b, c);
    }

    /**
     * Checks the operands of {@link MatrixBackend#addSquares}.
     *
     * @param blocks number of blocks
     * @param a what is squared
     * @param c what is changed
     */
    public static void addSquares(int blocks, BackendMatrix a, BackendMatrix c) {
        divides("addSquares", blocks, a.rows());
        require(
                a.rows() / blocks == c.rows() && a.columns() == c.columns(),
                "addSquares",
                "[" + blocks + " m, n] and [m, n]",
                a,
                c);
        if (c.precision() != Precision.FLOAT64) {
            samePrecision("addSquares", a, c);
        }
    }

    /**
     * Checks the operands of {@link MatrixBackend#shiftedReciprocal}.
     *
     * @param values the values
     * @param result result
     */
    public static void shiftedReciprocal(BackendMatrix values, BackendMatrix result) {
        require(sameShape(values, result), "shiftedReciprocal", "the same shape twice", values, result);
        float64("shiftedReciprocal", values);
    }

    /**
     * Checks the operands of {@link MatrixBackend#rowDots}.
     *
     * @param groups number of groups
     * @param a left factor
     * @param b right factor
     * @param result result
     */
    public static void rowDots(int groups, BackendMatrix a, BackendMatrix b, BackendMatrix result) {
        divides("rowDots", groups, a.columns());
        require(
                b.rows() == a.rows()
                        && (b.columns() == a.columns() || b.columns() == a.columns() / groups)
                        && result.rows() == a.rows()
                        && result.columns() == groups,
                "rowDots",
                "[r, " + groups + " w], the same or [r, w], and [r, " + groups + "]",
                a,
                b,
                result);
        samePrecision("rowDots", a, b, result);
    }

    /**
     * Checks the operand of {@link MatrixBackend#orthonormalise}.
     *
     * @param columns the columns
     */
    public static void orthonormalise(BackendMatrix columns) {
        float64("orthonormalise", columns);
        require(columns.rows() >= columns.columns(), "orthonormalise", "[m, n] with m at least n", columns);
    }

    /**
     * Checks the operands of {@link MatrixBackend#choleskySolve}.
     *
     * @param factor the factor
     * @param rightHandSides the right-hand sides
     */
    public static void choleskySolve(BackendMatrix factor, BackendMatrix rightHandSides) {
        square("choleskySolve", factor);
        require(factor.rows() == rightHandSides.rows(), "choleskySolve", "[n, n] and [n, k]", factor, rightHandSides);
        packedFloat64("choleskySolve", factor);
        packedFloat64("choleskySolve", rightHandSides);
    }

    /**
     * Checks a matrix that must be packed and float64.
     *
     * @param operation name of the operation
     * @param matrix the matrix
     */
    public static void packedFloat64(String operation, BackendMatrix matrix) {
        float64(operation, matrix);
        if (matrix.rows() > 1 && matrix.stride() != matrix.columns()) {
            throw new IllegalArgumentException(operation + ": expected a packed matrix, found " + describe(matrix)
                    + " with stride " + matrix.stride());
        }
    }

    /**
     * Checks a matrix that must be float64.
     *
     * @param operation name of the operation
     * @param matrix the matrix
     */
    public static void float64(String operation, BackendMatrix matrix) {
        if (matrix.precision() != Precision.FLOAT64) {
            throw new IllegalArgumentException(
                    operation + ": expected FLOAT64, found " + matrix.precision() + " " + describe(matrix));
        }
    }

    private static void samePrecision(String operation, BackendMatrix... matrices) {
        for (BackendMatrix matrix : matrices) {
            if (matrix.precision() != matrices[0].precision()) {
                throw new IllegalArgumentException(operation + ": expected one precision, found "
                        + matrices[0].precision() + " and " + matrix.precision());
            }
        }
    }

    private static void divides(String operation, int parts, int count) {
        if (parts <= 0 || count % parts != 0) {
            throw new IllegalArgumentException(operation + ": " + count + " cannot be cut into " + parts + " parts");
        }
    }

    private static boolean sameShape(Matrix a, Matrix b) {
        return a.rows() == b.rows() && a.columns() == b.columns();
    }

    private static void require(boolean holds, String operation, String expected, Matrix... found) {
        if (!holds) {
            StringBuilder shapes = new StringBuilder();
            for (Matrix matrix : found) {
                shapes.append(shapes.isEmpty() ? "" : ", ").append(describe(matrix));
            }
            throw new IllegalArgumentException(operation + ": expected " + expected + ", found " + shapes);
        }
    }

    private static String describe(Matrix matrix) {
        return describe(matrix.rows(), matrix.columns());
    }

    private static String describe(int rows, int columns) {
        return "[" + rows + ", " + columns + "]";
    }
}
