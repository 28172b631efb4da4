package io.github.influence4j.benchmarks;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.eigen.EigenbasisStage;
import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import io.github.influence4j.ekfac.internal.factor.LayerCovariance;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas_full;

/**
 * What the eigendecomposition of a covariance costs beside a bare call of {@code LAPACKE_dsyevd}: LAPACK's steps with the
 * vectors formed in wider blocks, checks, scaling, the copy of the matrix, and the vectors in float32, row-major. Both in turn, on the
 * same matrix.
 */
public final class EigenCost {

    private static final int RUNS = 5;

    private EigenCost() {}

    /**
     * Measures.
     *
     * @param arguments orders, 3072 if there are none
     */
    public static void main(String[] arguments) {
        List<Integer> orders = arguments.length == 0
                ? List.of(3072)
                : Stream.of(arguments).map(Integer::valueOf).toList();
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            System.out.println(backend.description());
            orders.forEach(order -> measure(backend, order));
        }
    }

    private static void measure(MatrixBackend backend, int order) {
        double[] bare = new double[RUNS];
        double[] stage = new double[RUNS];
        LayerSpec layer = LayerSpec.dense("layer", order, 1).withoutBias();
        try (BackendMatrix covariance = covariance(backend, order);
                BackendMatrix one = backend.copyOf(Matrix.of(new double[] {1}, 1, 1), Precision.FLOAT64);
                DoublePointer source = pointer(covariance)) {
            LayerCovariance both = new LayerCovariance(
                    layer, Optional.of(BlockDiagonal.of(List.of(covariance))), BlockDiagonal.of(List.of(one)), order);
            for (int k = -1; k < RUNS; k++) { // the first pair warms up
                double bareSeconds = bare(source, order);
                long start = System.nanoTime();
                EigenbasisStage.decompose(backend, both).close();
                if (k >= 0) {
                    bare[k] = bareSeconds;
                    stage[k] = (System.nanoTime() - start) / 1e9;
                }
            }
        }
        System.out.printf(
                Locale.ROOT,
                "order %d, median of %d: LAPACKE_dsyevd %.3f s, the stage %.3f s, ratio %.3f%n",
                order,
                RUNS,
                Sgemm.median(bare),
                Sgemm.median(stage),
                Sgemm.median(stage) / Sgemm.median(bare));
    }

    /** A covariance of twice as many random rows as columns. */
    private static BackendMatrix covariance(MatrixBackend backend, int order) {
        float[] numbers = new float[2 * order * order];
        SplittableRandom random = new SplittableRandom(5);
        for (int k = 0; k < numbers.length; k++) {
            numbers[k] = (float) random.nextDouble(-1, 1);
        }
        try (BackendMatrix rows = backend.copyOf(Matrix.of(numbers, 2 * order, order), Precision.FLOAT32);
                BackendMatrix upper = backend.zeros(order, order)) {
            backend.rankUpdate(1.0 / (2 * order), rows, 0, upper);
            BackendMatrix covariance = backend.zeros(order, order, Precision.FLOAT64);
            backend.mirrorUpper(1, upper, covariance);
            return covariance;
        }
    }

    private static DoublePointer pointer(BackendMatrix matrix) {
        double[] numbers = new double[matrix.rows() * matrix.columns()];
        matrix.read(0, matrix.rows(), numbers, 0);
        DoublePointer result = new DoublePointer(numbers.length);
        result.put(numbers);
        return result;
    }

    private static double bare(DoublePointer source, int order) {
        long count = (long) order * order;
        try (DoublePointer matrix = new DoublePointer(count);
                DoublePointer values = new DoublePointer(order)) {
            Pointer.memcpy(matrix, source, count * Double.BYTES);
            long start = System.nanoTime();
            int info = openblas_full.LAPACKE_dsyevd(
                    openblas_full.LAPACK_COL_MAJOR, (byte) 'V', (byte) 'U', order, matrix, order, values);
            double seconds = (System.nanoTime() - start) / 1e9;
            if (info != 0) {
                throw new IllegalStateException("LAPACKE_dsyevd answered " + info);
            }
            return seconds;
        }
    }
}
