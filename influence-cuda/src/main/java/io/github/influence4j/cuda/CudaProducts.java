package io.github.influence4j.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import io.github.influence4j.linalg.Operand;

/**
 * Products by cuBLAS. Its matrices are column-major, so that ours are their transposes there, and c = a b is computed as cᵀ = bᵀaᵀ
 * without moving anything.
 */
final class CudaProducts {

    /** Order from which cuBLAS's rank updates are faster than products of the same result. */
    private static final int RANK_UPDATE_ORDER = 2048;

    /** Order up to which the whole square is computed: halves of it would be too small for a card. */
    private static final int PRODUCT_ORDER = 512;

    /** A grid has no more layers than that. */
    private static final int MOST_MEMBERS = 65_535;

    private final CudaDevice device;

    CudaProducts(CudaDevice device) {
        this.device = device;
    }

    void multiply(double alpha, Operand a, Operand b, double beta, CudaMatrix c) {
        CudaMatrix left = CudaMatrix.on(device, a.matrix());
        CudaMatrix right = CudaMatrix.on(device, b.matrix());
        int m = c.rows();
        int n = c.columns();
        int k = a.columns();
        device.run(() -> {
            Pointer alphaAt = scalar(0, alpha, c);
            Pointer betaAt = scalar(1, beta, c);
            int status = c.isFloat64()
                    ? Cublas.cublasDgemm_v2(
                            device.cublas(),
                            transposition(b),
                            transposition(a),
                            n,
                            m,
                            k,
                            alphaAt,
                            right.address(),
                            right.stride(),
                            left.address(),
                            left.stride(),
                            betaAt,
                            c.address(),
                            c.stride())
                    : Cublas.cublasSgemm_v2(
                            device.cublas(),
                            transposition(b),
                            transposition(a),
                            n,
                            m,
                            k,
                            alphaAt,
                            right.address(),
                            right.stride(),
                            left.address(),
                            left.stride(),
                            betaAt,
                            c.address(),
                            c.stride());
            if (status != 0) {
                Cublas.check(status, "multiply: [" + m + ", " + k + "] [" + k + ", " + n + "]");
            }
        });
    }

    void multiplyBatch(int members, double alpha, Operand a, Operand b, double beta, CudaMatrix c) {
        for (int first = 0; first < members; first += MOST_MEMBERS) {
            int count = Math.min(MOST_MEMBERS, members - first);
            int rows = c.rows() / members;
            multiplyMembers(
                    count,
                    alpha,
                    members(members, a, first, count),
                    members(members, b, first, count),
                    beta,
                    c.rows(first * rows, count * rows));
        }
    }

    private static Operand members(int members, Operand operand, int first, int count) {
        int rows = memberRows(members, operand);
        return operand.shared()
                ? operand
                : new Operand(operand.matrix().rows(first * rows, count * rows), operand.transposed(), false);
    }

    private void multiplyMembers(int members, double alpha, Operand a, Operand b, double beta, CudaMatrix c) {
        CudaMatrix left = CudaMatrix.on(device, a.matrix());
        CudaMatrix right = CudaMatrix.on(device, b.matrix());
        int m = c.rows() / members;
        int n = c.columns();
        int k = a.transposed() ? memberRows(members, a) : left.columns();
        device.run(() -> {
            Pointer alphaAt = scalar(0, alpha, c);
            Pointer betaAt = scalar(1, beta, c);
            long strideA = a.shared() ? 0 : (long) memberRows(members, a) * left.stride();
            long strideB = b.shared() ? 0 : (long) memberRows(members, b) * right.stride();
            long strideC = (long) m * c.stride();
            int status = c.isFloat64()
                    ? Cublas.cublasDgemmStridedBatched(
                            device.cublas(),
                            transposition(b),
                            transposition(a),
                            n,
                            m,
                            k,
                            alphaAt,
                            right.address(),
                            right.stride(),
                            strideB,
                            left.address(),
                            left.stride(),
                            strideA,
                            betaAt,
                            c.address(),
                            c.stride(),
                            strideC,
                            members)
                    : Cublas.cublasSgemmStridedBatched(
                            device.cublas(),
                            transposition(b),
                            transposition(a),
                            n,
                            m,
                            k,
                            alphaAt,
                            right.address(),
                            right.stride(),
                            strideB,
                            left.address(),
                            left.stride(),
                            strideA,
                            betaAt,
                            c.address(),
                            c.stride(),
                            strideC,
                            members);
            if (status != 0) {
                Cublas.check(
                        status,
                        "multiplyBatch: [" + m + ", " + k + "] [" + k + ", " + n + "] for each of " + members
                                + " members");
            }
        });
    }

    private static int memberRows(int members, Operand operand) {
        int rows = operand.matrix().rows();
        return operand.shared() ? rows : rows / members;
    }

    /**
     * At least the upper triangle. Small results do not keep cuBLAS's rank updates busy, at order 768 on an H200 they run at a
     * seventh of the rate of products, so they are cut into products: the triangles of two halves and the square between them.
     */
    void rankUpdate(double alpha, CudaMatrix a, double beta, CudaMatrix c) {
        int n = a.columns();
        int half = n / 2;
        if (n >= RANK_UPDATE_ORDER) {
            triangle(alpha, a, beta, c);
        } else if (n <= PRODUCT_ORDER) {
            multiply(alpha, Operand.transposed(a), Operand.of(a), beta, c);
        } else {
            CudaMatrix left = a.view(0, a.rows(), 0, half);
            CudaMatrix right = a.view(0, a.rows(), half, n - half);
            rankUpdate(alpha, left, beta, c.view(0, half, 0, half));
            multiply(alpha, Operand.transposed(left), Operand.of(right), beta, c.view(0, half, half, n - half));
            rankUpdate(alpha, right, beta, c.view(half, n - half, half, n - half));
        }
    }

    /** The upper triangle of a row-major matrix is the lower one of the column-major matrix in the same memory. */
    private void triangle(double alpha, CudaMatrix a, double beta, CudaMatrix c) {
        int n = a.columns();
        int k = a.rows();
        device.run(() -> {
            Pointer alphaAt = scalar(0, alpha, c);
            Pointer betaAt = scalar(1, beta, c);
            int status = c.isFloat64()
                    ? Cublas.cublasDsyrk_v2(
                            device.cublas(),
                            Cublas.LOWER,
                            Cublas.NO_TRANSPOSE,
                            n,
                            k,
                            alphaAt,
                            a.address(),
                            a.stride(),
                            betaAt,
                            c.address(),
                            c.stride())
                    : Cublas.cublasSsyrk_v2(
                            device.cublas(),
                            Cublas.LOWER,
                            Cublas.NO_TRANSPOSE,
                            n,
                            k,
                            alphaAt,
                            a.address(),
                            a.stride(),
                            betaAt,
                            c.address(),
                            c.stride());
            if (status != 0) {
                Cublas.check(status, "rankUpdate: [" + k + ", " + n + "]");
            }
        });
    }

    /** x = (RᵀR)⁻¹ y for the rows of yᵀ, which is y in column-major order: two triangular solves from the right. */
    void choleskySolve(CudaMatrix factor, CudaMatrix rightHandSides) {
        int n = factor.rows();
        int k = rightHandSides.columns();
        device.run(() -> {
            Pointer one = scalar(0, 1, factor);
            for (int transposition : new int[] {Cublas.TRANSPOSE, Cublas.NO_TRANSPOSE}) {
                Cublas.check(
                        Cublas.cublasDtrsm_v2(
                                device.cublas(),
                                Cublas.RIGHT,
                                Cublas.LOWER,
                                transposition,
                                Cublas.NON_UNIT,
                                k,
                                n,
                                one,
                                factor.address(),
                                factor.stride(),
                                rightHandSides.address(),
                                rightHandSides.stride()),
                        "choleskySolve: order " + n + ", " + k + " right-hand sides");
            }
        });
    }

    private static int transposition(Operand operand) {
        return operand.transposed() ? Cublas.TRANSPOSE : Cublas.NO_TRANSPOSE;
    }

    /** Puts a factor where cuBLAS reads it, in the type of the matrices. */
    private Pointer scalar(int place, double value, CudaMatrix like) {
        Memory scalars = device.scalars();
        long offset = (long) place * Double.BYTES;
        if (like.isFloat64()) {
            scalars.setDouble(offset, value);
        } else {
            scalars.setFloat(offset, (float) value);
        }
        return place == 0 ? scalars : scalars.share(offset);
    }
}
