package io.github.influence4j.ekfac.internal.factor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.TestBackends;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.testkit.Tolerances;
import java.util.List;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Sums of outer products against plain loops in float64. */
class BlockSumTest {

    /** Defect: two numbers of parts gave eigenvectors that differed by tens of float32 roundoffs. */
    @Property(tries = 60)
    void narrowSumsAreThoseOfFloat64InAnyParts(
            @ForAll @IntRange(min = 1, max = 40) int order,
            @ForAll @IntRange(min = 1, max = 3) int blocks,
            @ForAll @IntRange(min = -3, max = 3) int exponent,
            @ForAll @Size(min = 1, max = 4) List<@IntRange(min = 1, max = 1_500) Integer> parts) {
        assertSums(order, options(blocks, false), exponent, parts, Tolerances.REORDERED_FLOAT64);
    }

    @Property(tries = 20)
    void wideSumsAreThoseOfTheWorkingPrecision(
            @ForAll @IntRange(min = BlockSum.NARROW + 1, max = BlockSum.NARROW + 20) int order,
            @ForAll @IntRange(min = -3, max = 3) int exponent,
            @ForAll @Size(min = 1, max = 3) List<@IntRange(min = 1, max = 500) Integer> parts) {
        assertSums(order, options(1, false), exponent, parts, Tolerances.REORDERED_FLOAT32);
        assertSums(order, options(1, true), exponent, parts, Tolerances.REORDERED_FLOAT64);
    }

    private static CovarianceStage.Options options(int blocks, boolean float64) {
        return new CovarianceStage.Options(1, blocks, CovarianceStage.Basis.POSITIONS, SharedInputs.none(), float64);
    }

    /** Float64 backends have no exponents. */
    private static void assertSums(
            int order, CovarianceStage.Options options, int exponent, List<Integer> parts, double tolerance) {
        for (MatrixBackend backend : TestBackends.all()) {
            int scaled = backend.precision() == Precision.FLOAT64 ? 0 : exponent;
            int[] sizes = BlockDiagonal.sizes(order, options.blocks());
            double[][] expected = new double[order][order];
            SplittableRandom random = new SplittableRandom(order);
            try (Scratch widened = new Scratch(backend, Precision.FLOAT64);
                    BlockSum sum = new BlockSum(backend, order, options, widened)) {
                for (int rows : parts) {
                    float[] numbers = new float[rows * order];
                    for (int k = 0; k < numbers.length; k++) {
                        numbers[k] = (float) (random.nextDouble() - 0.3);
                    }
                    add(expected, sizes, numbers, rows, Math.scalb(1.0, -2 * scaled));
                    try (BackendMatrix uploaded =
                            backend.copyOf(Matrix.of(numbers, rows, order), backend.precision())) {
                        sum.add(uploaded, scaled);
                    }
                }
                try (BlockDiagonal mean = sum.releaseMean(1)) {
                    double largest = expected[0][0];
                    double[][] found = mean.toArray();
                    for (int r = 0; r < order; r++) {
                        for (int c = 0; c < order; c++) {
                            assertEquals(expected[r][c], found[r][c], tolerance * largest);
                        }
                    }
                }
            }
        }
    }

    private static void add(double[][] sums, int[] sizes, float[] numbers, int rows, double scale) {
        int order = sums.length;
        for (int p = 0; p < rows; p++) {
            int first = 0;
            for (int size : sizes) {
                for (int r = first; r < first + size; r++) {
                    for (int c = first; c < first + size; c++) {
                        sums[r][c] += scale * numbers[p * order + r] * numbers[p * order + c];
                    }
                }
                first += size;
            }
        }
    }
}
