package io.github.influence4j.openblas.internal;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.Layout;

/**
 * Products a bᵀ of few rows over many columns, as of some gradients with some queries. OpenBLAS divides the rows of the result among
 * the cores and here leaves them idle; these divide the columns, and take as many at a time as stay in a core's cache: [8, 110592]
 * by [16, 110592] took 6 times as long without. The parts' results are added in order, in float64, so that the number of cores changes
 * no bit.
 */
final class ThinProducts {

    /** Most rows of the factor that has fewer. */
    private static final int ROWS = 16;

    /** Most numbers of the result. */
    private static final int RESULTS = 1024;

    /** Fewest columns. */
    private static final int COLUMNS = 1 << 14;

    /** Bytes of the columns that are multiplied at a time. */
    private static final int BYTES_AT_ONCE = 160 << 10;

    /** Products at a time of which a part consists. */
    private static final int PART = 8;

    private ThinProducts() {}

    /** Tells whether a product a bᵀ [m, n] over k columns is one of these. */
    static boolean has(int m, int n, int k) {
        return Math.min(m, n) > 1 && Math.min(m, n) <= ROWS && (long) m * n <= RESULTS && k >= COLUMNS;
    }

    /** Computes c = alpha a bᵀ + beta c. */
    static void multiply(double alpha, NativeMatrix a, NativeMatrix b, double beta, NativeMatrix c) {
        int m = c.rows();
        int n = c.columns();
        int columns = a.columns();
        int atOnce = atOnce(m + n, c.precision());
        int part = PART * atOnce;
        int parts = (columns + part - 1) / part;
        int cores = ThreadUse.ofProcess().coresForBatch(parts, (double) part * m * n);
        try (NativeMatrix results = NativeMatrix.uninitialised(
                c.kernels(), Layout.packed(parts * m, n, NativeBackend.MAX_ELEMENTS), c.precision())) {
            ThreadUse.ofProcess().inParallel(cores, core -> {
                for (int k = core; k < parts; k += cores) {
                    NativeMatrix result = results.rows(k * m, m);
                    int end = Math.min(columns, (k + 1) * part);
                    for (int first = k * part; first < end; first += atOnce) {
                        NativeMatrix left = a.view(0, m, first, Math.min(atOnce, end - first));
                        NativeMatrix right = b.view(0, n, first, Math.min(atOnce, end - first));
                        double old = first == k * part ? 0 : 1;
                        ThreadUse.ofProcess()
                                .forProduct(
                                        (double) m * n * left.columns(),
                                        () -> BlasKernels.multiplyMatrix(alpha, left, false, right, true, old, result));
                    }
                }
            });
            addUp(results, parts, beta, c);
        }
    }

    /** A power of two, so that parts begin at aligned columns. */
    private static int atOnce(int rows, Precision precision) {
        return Integer.highestOneBit(BYTES_AT_ONCE / precision.bytes() / rows);
    }

    private static void addUp(NativeMatrix results, int parts, double beta, NativeMatrix c) {
        HostParts buffers = HostParts.ofThread();
        int numbers = c.rows() * c.columns();
        double[] sum = new double[numbers];
        if (beta != 0) {
            double[] old = buffers.readDoubles(c, 0);
            for (int j = 0; j < numbers; j++) {
                sum[j] = beta * old[j];
            }
        }
        for (int k = 0; k < parts; k++) {
            double[] part = buffers.readDoubles(results.rows(k * c.rows(), c.rows()), 0);
            for (int j = 0; j < numbers; j++) {
                sum[j] += part[j];
            }
        }
        buffers.write(sum, c);
    }
}
