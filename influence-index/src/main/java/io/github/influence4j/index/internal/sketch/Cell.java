package io.github.influence4j.index.internal.sketch;

import io.github.influence4j.api.Seeds;
import java.util.Arrays;

/**
 * Some coordinates of a layer that are projected together. Coordinates with random signs are added up in buckets, as many as there are
 * results or somewhat more (a count sketch, Charikar et al. 2002); what the buckets hold goes through a Walsh-Hadamard transform of
 * blocks, random signs, and one of all; results are chosen at random. Every result is a sum of all coordinates with coefficients that
 * are nearly normal, so that results are, too, whatever the coordinates.
 *
 * <p>Costs an addition a coordinate, and 8 + log₂ m a bucket.
 *
 * @param index its place among the cells of all layers
 * @param layer index of the layer
 * @param first the first coordinate of the layer's gradient, [o, i] row-major
 * @param step distance to the next
 * @param count how many coordinates
 * @param size B, the power of two from {@code count} on
 * @param words how many results are kept, in words of 64
 * @param firstWord place of the first word in a row of the index
 * @param seed decides signs and choice
 */
public record Cell(int index, int layer, int first, int step, int count, int size, int words, int firstWord, long seed)
        implements SignCell {

    /** Most coordinates of a cell: its buckets stay in a core's cache. */
    static final int MOST = 1 << 16;

    /**
     * Coordinates that are mixed before the signs: each has a coefficient in every result that is a sum of so many signs, near a normal
     * one. With signs alone for coefficients, a coordinate that is most of a gradient would make the results two-valued, and scores
     * of gradients that share it too high.
     */
    private static final int BLOCK = 1 << 8;

    /** Fewest buckets of a cell of as many coordinates: two large coordinates seldom meet in one. */
    private static final int FEWEST_BUCKETS = 1 << 11;

    private static final long SIGNS = 1;
    private static final long CHOICE = 2;
    /** Of the first segment; the others follow. */
    private static final long SEGMENTS = 3;

    /** Returns the number of results. */
    @Override
    public int bits() {
        return words * Long.SIZE;
    }

    /** Returns m, the number of buckets: a power of two. */
    int buckets() {
        return Math.min(size, Math.max(FEWEST_BUCKETS, Integer.highestOneBit(2 * bits() - 1)));
    }

    /**
     * Returns the variance of an estimate, (π/2 − k/B)/k, as a share of ‖q‖²‖z‖²: π/2 for the signs, less what k results of an
     * orthogonal transform of m buckets know of each other, k/m, and with 1/m − 1/B for pairs of coordinates that meet in a bucket.
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
     * @param signs of all cells
     * @param work at least {@link #buckets} numbers; overwritten
     * @param target receives k results, each of variance ‖z‖² over seeds
     * @return ‖z‖² of the coordinates
     */
    double project(float[] gradients, int offset, RandomSigns signs, float[] work, float[] target) {
        int buckets = buckets();
        double squares = fill(gradients, offset + first, signs.signs(), work, buckets);
        int block = Math.min(buckets, BLOCK);
        for (int start = 0; start < buckets; start += block) {
            Hadamard.transform(work, start, block);
        }
        changeSigns(work, buckets, (float) (1 / Math.sqrt(block)), signs.signs());
        Hadamard.transform(work, 0, buckets);
        choose(work, buckets, target);
        return squares;
    }

    /** Each segment of m coordinates goes to the buckets in its order, from another bucket on. */
    private double fill(float[] gradients, int offset, float[] signs, float[] work, int buckets) {
        Arrays.fill(work, 0, buckets, 0);
        double squares = 0;
        for (int start = 0; start < count; start += buckets) {
            long random = Seeds.derived(seed, SEGMENTS + start / buckets);
            int sign = RandomSigns.place(random);
            int shift = (int) (random >>> Integer.SIZE) & buckets - 1;
            int length = Math.min(buckets, count - start);
            int before = Math.min(length, buckets - shift);
            int at = offset + start * step;
            squares += add(gradients, at, signs, sign, work, shift, before);
            squares += add(gradients, at + before * step, signs, sign + before, work, 0, length - before);
        }
        return squares;
    }

    /** Adds some coordinates with their signs to as many buckets and gives the sum of their squares. */
    private double add(float[] from, int at, float[] signs, int sign, float[] to, int bucket, int length) {
        if (step == 1) {
            return addInARow(from, at, signs, sign, to, bucket, length);
        }
        double squares = 0;
        for (int k = 0; k < length; k++) {
            float value = from[at + k * step];
            squares += (double) value * value;
            to[bucket + k] += signs[sign + k] * value;
        }
        return squares;
    }

    /** The same for coordinates beside each other: an index that the compiler understands, and sums that do not wait for each other. */
    private static double addInARow(float[] from, int at, float[] signs, int sign, float[] to, int bucket, int length) {
        double even = 0;
        double odd = 0;
        int k = 0;
        for (; k + 1 < length; k += 2) {
            float first = from[at + k];
            float second = from[at + k + 1];
            even += (double) first * first;
            odd += (double) second * second;
            to[bucket + k] += signs[sign + k] * first;
            to[bucket + k + 1] += signs[sign + k + 1] * second;
        }
        if (k < length) {
            even += (double) from[at + k] * from[at + k];
            to[bucket + k] += signs[sign + k] * from[at + k];
        }
        return even + odd;
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

    private void changeSigns(float[] work, int buckets, float factor, float[] signs) {
        int sign = RandomSigns.place(Seeds.derived(seed, SIGNS));
        for (int k = 0; k < buckets; k++) {
            work[k] = factor * work[k] * signs[sign + k];
        }
    }

    /** The k-th choice is a bijection of k: steps that can each be undone within the bits of an index. */
    private void choose(float[] from, int buckets, float[] target) {
        int mask = buckets - 1;
        int shift = Math.max(1, Integer.numberOfTrailingZeros(buckets) / 2);
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
