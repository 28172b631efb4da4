package io.github.influence4j.cuda;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.Operand;
import io.github.influence4j.linalg.SymmetricEigen;
import io.github.influence4j.linalg.ThinSvd;
import io.github.influence4j.testkit.Tolerances;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What only a card can show: sizes that need more than one trip of the grid, and work beside transfers. */
class OnCardTest {

    @BeforeEach
    void assumeCard() {
        Assumptions.assumeTrue(
                System.getProperty("influence.test.card") != null,
                "no NVIDIA card is tested here; -Dinfluence.test.card on a machine that has one");
    }

    private static CudaBackend backend(Precision precision) {
        return new CudaBackend(precision, CudaDevice.get());
    }

    private static float[] random(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] numbers = new float[count];
        for (int k = 0; k < count; k++) {
            numbers[k] = (float) random.nextDouble(-1, 1);
        }
        return numbers;
    }

    /** Many narrow rows, strided, so that rows outnumber those of the grid. */
    @Test
    void narrowAndLong() {
        int rows = 3_000_000;
        float[] numbers = random(rows * 3, 1);
        try (CudaBackend backend = backend(Precision.FLOAT32);
                BackendMatrix wide = backend.zeros(rows, 5);
                BackendMatrix dots = backend.zeros(rows, 1);
                BackendMatrix squares = backend.zeros(3, 3, Precision.FLOAT64)) {
            BackendMatrix part = wide.view(0, rows, 1, 3);
            backend.upload(numbers, part);
            backend.addScaled(1, part, part);
            float[] doubled = new float[rows * 3];
            part.read(0, rows, doubled, 0);
            for (int k = 0; k < doubled.length; k++) {
                assertEquals(2 * numbers[k], doubled[k]);
            }
            assertTrue(backend.isFinite(wide));
            backend.rowDots(1, part, part, dots);
            float[] sums = new float[rows];
            dots.read(0, rows, sums, 0);
            for (int r = 0; r < rows; r++) {
                double expected = 0;
                for (int c = 0; c < 3; c++) {
                    expected += (double) doubled[3 * r + c] * doubled[3 * r + c];
                }
                assertEquals(expected, sums[r], 1e-6);
            }
            backend.addSquares(rows / 3, part, 0, squares);
            double expected = 0;
            for (int k = 0; k < rows / 3; k++) {
                expected += (double) doubled[9 * k] * doubled[9 * k];
            }
            assertEquals(expected, squares.toArray()[0][0], 1e-9 * expected);
            backend.upload(new float[] {Float.NaN}, wide.view(rows - 1, 1, 4, 1));
            assertFalse(backend.isFinite(wide));
        }
    }

    /** Products and decompositions of the size of real layers, by what they must satisfy. */
    @Test
    void layersOfRealSize() {
        int n = 769;
        try (CudaBackend backend = backend(Precision.FLOAT64);
                BackendMatrix x = backend.copyOf(Matrix.of(random(2000 * n, 2), 2000, n), Precision.FLOAT64);
                BackendMatrix covariance = backend.zeros(n, n);
                BackendMatrix product = backend.zeros(n, n);
                BackendMatrix scaled = backend.zeros(n, n)) {
            backend.rankUpdate(1.0 / 2000, x, 0, covariance);
            backend.mirrorUpper(covariance);
            backend.multiply(1.0 / 2000, Operand.transposed(x), Operand.of(x), 0, product);
            assertClose(product.toArray(), covariance.toArray(), Tolerances.REORDERED_FLOAT64, "rank update");
            try (SymmetricEigen eigen = backend.eigen(covariance)) {
                double[] values = new double[n * n];
                for (int i = 0; i < n * n; i++) {
                    values[i] = eigen.values()[i % n];
                }
                backend.upload(values, product);
                backend.multiplyElements(eigen.vectors(), product, scaled);
                backend.multiply(Operand.of(scaled), Operand.transposed(eigen.vectors()), product);
                assertClose(covariance.toArray(), product.toArray(), 1e-12, "V diag(values) Vᵀ");
            }
            try (ThinSvd svd = backend.svd(x)) {
                double[] values = new double[2000 * n];
                for (int i = 0; i < values.length; i++) {
                    values[i] = svd.values()[i % n];
                }
                try (BackendMatrix factors = backend.zeros(2000, n);
                        BackendMatrix back = backend.zeros(2000, n)) {
                    backend.upload(values, factors);
                    backend.multiplyElements(svd.u(), factors, factors);
                    backend.multiply(Operand.of(factors), Operand.of(svd.vt()), back);
                    assertClose(x.toArray(), back.toArray(), 1e-12, "U diag(values) Vᵀ");
                }
            }
        }
    }

    /** Numbers arrive whole while the card computes with what came before, and from several threads. */
    @Test
    void transfersBesideWork() {
        int rows = 4096;
        float[][] sources = {random(rows * 512, 3), random(rows * 512, 4), random(rows * 512, 5)};
        try (CudaBackend backend = backend(Precision.FLOAT32);
                BackendMatrix target = backend.zeros(rows, 512);
                BackendMatrix kept = backend.zeros(3 * rows, 512);
                BackendMatrix big = backend.zeros(4096, 4096);
                BackendMatrix other = backend.zeros(4096, 4096)) {
            for (int round = 0; round < 20; round++) {
                for (int s = 0; s < 3; s++) {
                    float[] source = sources[s];
                    backend.multiply(Operand.of(big), Operand.of(big), other);
                    // eight threads, a part each
                    IntStream.range(0, 8).parallel().forEach(part -> {
                        float[] rowsOfPart = new float[512 * 512];
                        System.arraycopy(source, part * 512 * 512, rowsOfPart, 0, rowsOfPart.length);
                        backend.upload(rowsOfPart, target.rows(part * 512, 512));
                    });
                    backend.upload(target, kept.rows(s * rows, rows));
                }
                float[] back = new float[3 * rows * 512];
                kept.read(0, 3 * rows, back, 0);
                for (int s = 0; s < 3; s++) {
                    for (int k = 0; k < rows * 512; k += 97) {
                        assertEquals(sources[s][k], back[s * rows * 512 + k]);
                    }
                }
            }
        }
    }
}
