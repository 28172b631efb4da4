package io.github.influence4j.examples.index;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.Seeds;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What others keep of a gradient: P_SᵀGP_A of each layer in int8, with random signs for P_S [o, p] and P_A [i, p] and one scale a layer.
 *
 * <p>With whitened gradients G of both sides, or with the plain gradient of the training sequence and (Λ+λ)⁻¹ at the question. The question
 * is not rounded.
 */
final class TwoSidedProjection {

    private static final int HIGHEST = 127;
    private static final int SCALE = Short.BYTES;
    private static final int ID = Long.BYTES;

    private final boolean whitened;
    private final List<Side> outputs = new ArrayList<>();
    private final List<Side> inputs = new ArrayList<>();

    /** Signs over √p, [numbers, p]. */
    private record Side(int numbers, int kept, float[] values) {

        static Side of(int numbers, int most, long seed) {
            int kept = Math.min(most, numbers);
            float[] values = new float[numbers * kept];
            SplittableRandom random = new SplittableRandom(seed);
            for (int k = 0; k < values.length; k++) {
                values[k] = (float) ((random.nextBoolean() ? 1 : -1) / Math.sqrt(kept));
            }
            return new Side(numbers, kept, values);
        }
    }

    /** The largest p with which a sequence takes at most so many bytes. */
    static TwoSidedProjection of(List<LayerSpec> layers, long bytes, boolean whitened, long seed) {
        int p = 1;
        while (new TwoSidedProjection(layers, p + 1, whitened, seed).bytes() <= bytes) {
            p++;
        }
        return new TwoSidedProjection(layers, p, whitened, seed);
    }

    TwoSidedProjection(List<LayerSpec> layers, int p, boolean whitened, long seed) {
        this.whitened = whitened;
        for (int l = 0; l < layers.size(); l++) {
            outputs.add(Side.of(layers.get(l).outputs(), p, Seeds.derived(seed, 2L * l)));
            inputs.add(Side.of(layers.get(l).gradientColumns(), p, Seeds.derived(seed, 2L * l + 1)));
        }
    }

    boolean whitened() {
        return whitened;
    }

    /** Bytes of a sequence, with its id. */
    long bytes() {
        long sum = ID;
        for (int l = 0; l < outputs.size(); l++) {
            sum += SCALE + (long) outputs.get(l).kept() * inputs.get(l).kept();
        }
        return sum;
    }

    /**
     * Projects gradients of a layer.
     *
     * @param backend computes the product with P_A, of all gradients at once
     * @param layer index of the layer
     * @param count how many gradients
     * @param gradients [count·o, i], packed
     * @return P_SᵀGP_A of each
     */
    float[][] project(MatrixBackend backend, int layer, int count, float[] gradients) {
        Side left = outputs.get(layer);
        Side right = inputs.get(layer);
        float[] half = half(backend, right, count * left.numbers(), gradients);
        float[][] result = new float[count][left.kept() * right.kept()];
        backend.inParallel(count, e -> {
            for (int r = 0; r < left.numbers(); r++) {
                int row = (e * left.numbers() + r) * right.kept();
                for (int k = 0; k < left.kept(); k++) {
                    float factor = left.values()[r * left.kept() + k];
                    for (int c = 0; c < right.kept(); c++) {
                        result[e][k * right.kept() + c] += factor * half[row + c];
                    }
                }
            }
        });
        return result;
    }

    /** GP_A, [rows, p]. */
    private static float[] half(MatrixBackend backend, Side right, int rows, float[] gradients) {
        float[] half = new float[rows * right.kept()];
        try (BackendMatrix stacked = backend.uninitialised(rows, right.numbers(), Precision.FLOAT32);
                BackendMatrix signs = backend.uninitialised(right.numbers(), right.kept(), Precision.FLOAT32);
                BackendMatrix product = backend.uninitialised(rows, right.kept(), Precision.FLOAT32)) {
            backend.upload(gradients, stacked);
            backend.upload(right.values(), signs);
            backend.multiply(Operand.of(stacked), Operand.of(signs), product);
            product.read(0, rows, half, 0);
        }
        return half;
    }

    /** Rounds numbers to 255 levels of the largest, and gives the rounded numbers. */
    static float[] rounded(float[] values) {
        float largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        if (largest == 0) {
            return values;
        }
        float step = largest / HIGHEST;
        float[] result = new float[values.length];
        for (int k = 0; k < values.length; k++) {
            result[k] = step * Math.round(values[k] / step);
        }
        return result;
    }
}
