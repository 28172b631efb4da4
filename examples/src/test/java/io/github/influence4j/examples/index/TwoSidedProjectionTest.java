package io.github.influence4j.examples.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.Tolerances;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TwoSidedProjectionTest {

    private static final MatrixBackend BACKEND = MatrixBackends.named("openblas", Precision.FLOAT32);

    private static final List<LayerSpec> LAYERS = List.of(
            LayerSpec.tokens("wide", 12, 7).withoutBias(),
            LayerSpec.tokens("narrow", 5, 3).withoutBias());

    /** Over seeds the inner product of two projections is that of the gradients on the average. */
    @Test
    void innerProductsAreRightOnTheAverage() {
        SplittableRandom random = new SplittableRandom(3);
        float[] a = normal(random, 84);
        float[] b = normal(random, 84);
        double exact = dot(a, b);
        int seeds = 4_000;
        double sum = 0;
        double squares = 0;
        for (int seed = 0; seed < seeds; seed++) {
            TwoSidedProjection projection = new TwoSidedProjection(LAYERS, 4, true, seed);
            double found =
                    dot(projection.project(BACKEND, 0, 1, a)[0], projection.project(BACKEND, 0, 1, b)[0]);
            sum += found / seeds;
            squares += found * found / seeds;
        }
        double error = Math.sqrt((squares - sum * sum) / seeds);
        assertEquals(exact, sum, 5 * error);
    }

    @Test
    void theProjectionOfOneNumberIsThatOfItsRowAndColumn() {
        TwoSidedProjection projection = new TwoSidedProjection(LAYERS, 4, true, 1);
        float[] first = one(projection, 2, 5);
        float[] again = one(projection, 2, 6);
        float[] other = one(projection, 4, 5);
        // rank one: of the same row, the projections differ by signs of the columns
        for (int r = 0; r < 4; r++) {
            for (int c = 0; c < 4; c++) {
                assertEquals(0.25, Math.abs(first[4 * r + c]), Tolerances.REORDERED_FLOAT32);
                assertEquals(first[4 * r + c] * again[c], first[c] * again[4 * r + c], Tolerances.REORDERED_FLOAT32);
                assertEquals(
                        first[4 * r + c] * other[4 * r], first[4 * r] * other[4 * r + c], Tolerances.REORDERED_FLOAT32);
            }
        }
    }

    private static float[] one(TwoSidedProjection projection, int row, int column) {
        // the second of two gradients
        float[] gradients = new float[2 * 84];
        gradients[84 + row * 12 + column] = 1;
        return projection.project(BACKEND, 0, 2, gradients)[1];
    }

    @Test
    void takesWhatItMayAndRoundsToInt8() {
        TwoSidedProjection four = TwoSidedProjection.of(LAYERS, 8 + 2 + 16 + 2 + 12, true, 1);
        assertEquals(8 + 2 + 16 + 2 + 12, four.bytes());
        assertEquals(
                8 + 2 + 9 + 2 + 9,
                TwoSidedProjection.of(LAYERS, four.bytes() - 1, true, 1).bytes());
        float[] values = normal(new SplittableRandom(1), 50);
        float[] rounded = TwoSidedProjection.rounded(values);
        float largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int k = 0; k < values.length; k++) {
            assertEquals(values[k], rounded[k], 0.5001 * largest / 127);
            double level = rounded[k] / (largest / 127);
            assertTrue(Math.abs(level - Math.rint(level)) < 1e-3);
        }
    }

    private static float[] normal(SplittableRandom random, int count) {
        float[] values = new float[count];
        for (int k = 0; k < count; k++) {
            values[k] = (float) random.nextGaussian();
        }
        return values;
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int k = 0; k < a.length; k++) {
            sum += (double) a[k] * b[k];
        }
        return sum;
    }
}
