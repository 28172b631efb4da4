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

    /** What it is called in the table. */
    String name() {
        return whitened ? Requirement.WHITENED : Requirement.PLAIN;
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
     * @param backend computes the products
     * @param layer index of the layer
     * @param count how many gradients
     * @param gradients [count·o, i], packed
     * @return P_SᵀGP_A of each
     */
    float[][] project(MatrixBackend backend, int layer, int count, float[] gradients) {
        Side left = outputs.get(layer);
        Side right = inputs.get(layer);
        int rows = left.numbers();
        int kept = left.kept();
        float[][] result = new float[count][kept * right.kept()];
        try (BackendMatrix stacked = backend.uninitialised(count * rows, right.numbers(), Precision.FLOAT32);
                BackendMatrix rightSigns = matrix(backend, right);
                BackendMatrix leftSigns = matrix(backend, left);
                BackendMatrix half = backend.uninitialised(count * rows, right.kept(), Precision.FLOAT32)) {
            backend.upload(gradients, stacked);
            backend.multiply(Operand.of(stacked), Operand.of(rightSigns), half);
            // small products: one core each
            int tasks = Math.min(count, Math.max(1, backend.parallelism()));
            backend.inParallel(tasks, task -> {
                try (BackendMatrix both = backend.uninitialised(kept, right.kept(), Precision.FLOAT32)) {
                    for (int e = task; e < count; e += tasks) {
                        backend.multiply(Operand.transposed(leftSigns), Operand.of(half.rows(e * rows, rows)), both);
                        both.read(0, kept, result[e], 0);
                    }
                }
            });
        }
        return result;
    }

    private static BackendMatrix matrix(MatrixBackend backend, Side side) {
        BackendMatrix signs = backend.uninitialised(side.numbers(), side.kept(), Precision.FLOAT32);
        backend.upload(side.values(), signs);
        return signs;
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
