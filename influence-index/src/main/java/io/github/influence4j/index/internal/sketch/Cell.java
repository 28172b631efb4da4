package io.github.influence4j.index.internal.sketch;

import io.github.influence4j.api.Seeds;
import java.util.Arrays;

/**
 * Some coordinates of a layer that are projected together: a Walsh-Hadamard transform of blocks, random signs, one of all, and a
 * random choice of its results. Every result is a sum of all coordinates with coefficients that are nearly normal, so that results are,
 * too, whatever the coordinates.
 *
 * @param index its place among the cells of all layers
 * @param layer index of the layer
 * @param first the first coordinate of the layer's gradient, [o, i] row-major
 * @param step distance to the next
 * @param count how many coordinates
 * @param size numbers that are transformed, the power of two from {@code count} on
 * @param words how many results are kept, in words of 64
 * @param firstWord place of the first word in a row of the index
 * @param seed decides signs and choice
 */
public record Cell(int index, int layer, int first, int step, int count, int size, int words, int firstWord, long seed)
        implements SignCell {

    /** Most coordinates of a cell: its transform stays in a core's cache. */
    static final int MOST = 1 << 16;

    /**
     * Coordinates that are mixed before the signs: each has a coefficient in every result that is a sum of so many signs, near a normal
     * one. With signs alone for coefficients, a coordinate that is most of a gradient would make the results two-valued, and scores
     * of gradients that share it too high.
     */
    private static final int BLOCK = 1 << 8;

    private static final long SIGNS = 1;
    private static final long CHOICE = 2;

    /** Returns the number of results. */
    @Override
    public int bits() {
        return words * Long.SIZE;
    }

    /**
     * Returns the variance of an estimate, (π/2 − k/B)/k, as a share of ‖q‖²‖z‖²: π/2 for the signs, less what results of an
     * orthogonal transform of B numbers know of each other.
     *
     * @return a number below π/(2k)
     */
    public double variance() {
        return (Math.PI / 2 - (double) bits() / size) / bits();
    }

    /**
     * Projects the cell's coordinates of a gradient.
     *
     * @param gradients holds the whitened gradient of the layer
     * @param offset where it begins
     * @param work at least {@link #size} numbers; overwritten
     * @param target receives k results, each of variance ‖z‖² over seeds
     * @return ‖z‖² of the coordinates
     */
    public double project(float[] gradients, int offset, float[] work, float[] target) {
        double squares = 0;
        int at = offset + first;
        for (int k = 0; k < count; k++, at += step) {
            float value = gradients[at];
            squares += (double) value * value;
            work[k] = value;
        }
        Arrays.fill(work, count, size, 0);
        int block = Math.min(size, BLOCK);
        for (int start = 0; start < size; start += block) {
            Hadamard.transform(work, start, block);
        }
        changeSigns(work, (float) (1 / Math.sqrt(block)));
        Hadamard.transform(work, 0, size);
        choose(work, target);
        return squares;
    }

    /**
     * Returns the scale ‖z‖²/Σ|z'|, which makes the score of a gradient with itself exact.
     *
     * @param values z', the k results
     * @param squares ‖z‖²
     * @return the scale
     */
    double scale(float[] values, double squares) {
        if (squares == 0) {
            return 0;
        }
        double magnitudes = 0;
        for (int k = 0; k < bits(); k++) {
            magnitudes += Math.abs(values[k]);
        }
        if (magnitudes == 0) {
            // nothing of it fell on the results that are kept: what Gaussian ones would have
            magnitudes = bits() * Math.sqrt(2 / Math.PI * squares);
        }
        return squares / magnitudes;
    }

    private void changeSigns(float[] work, float factor) {
        long signSeed = Seeds.derived(seed, SIGNS);
        for (int start = 0; start < size; start += Long.SIZE) {
            long signs = Seeds.derived(signSeed, 1 + start / Long.SIZE);
            for (int k = start; k < start + Long.SIZE; k++) {
                int sign = (int) (signs >>> k) << 31;
                work[k] = Float.intBitsToFloat(Float.floatToRawIntBits(factor * work[k]) ^ sign);
            }
        }
    }

    /** The k-th choice is a bijection of k: steps that can each be undone within the bits of an index. */
    private void choose(float[] from, float[] target) {
        int mask = size - 1;
        int shift = Math.max(1, Integer.numberOfTrailingZeros(size) / 2);
        long key = Seeds.derived(seed, CHOICE);
        int add = (int) key;
        int odd = (int) (key >>> 32) | 1;
        for (int k = 0; k < bits(); k++) {
            int row = k + add & mask;
            row ^= row >>> shift;
            row = row * 0x2C1B3C6D & mask;
            row ^= row >>> shift;
            row = row * odd & mask;
            row ^= row >>> shift;
            target[k] = from[row];
        }
    }
}
