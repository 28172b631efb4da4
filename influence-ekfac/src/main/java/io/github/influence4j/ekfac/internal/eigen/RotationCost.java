package io.github.influence4j.ekfac.internal.eigen;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import io.github.influence4j.ekfac.internal.factor.RunningSum;
import io.github.influence4j.linalg.WorkSizes;

/**
 * What the ways of forming the rotated gradient Q_SᵀG Q_A of an example need at one layer, and which one is taken. A
 * multiplication with an addition counts as 2 flops; i²/O is short for the sum of the squared sizes of diagonal blocks.
 *
 * @param layer the layer
 * @param positions t, positions of an example
 * @param blocks O, diagonal blocks of each covariance; 0 where there is no basis
 * @param sizes how much the backend is best given at a time: rotated positions and gradients of several examples are
 *     temporaries, products of pairs of positions are used again at once
 */
public record RotationCost(LayerSpec layer, int positions, int blocks, WorkSizes sizes) {

    /**
     * Flops of a large product in whose time one number of an example's gradient is formed by a small product, stored and
     * squared or read again: what forming gradients costs beyond its flops. This and the next two were measured, see decisions 30
     * and 89.
     */
    public static final double FORMED_NUMBER_FLOPS = 130;

    /** Likewise where each core forms and squares a tile of a gradient in its own cache; measured, see decision 90. */
    private static final double CACHED_NUMBER_FLOPS = 90;

    /** Most positions with which such tiles pay: with more, small products cost what the cache saves. */
    private static final int MOST_POSITIONS_OF_TILES = 64;

    /** Most outputs of such a tile. */
    private static final int TILE_OUTPUTS = 128;

    /** Numbers of such tiles that are formed together: 256 KiB, some of the cache that a core has of its own. */
    private static final int TILE_NUMBERS = 1 << 16;

    /** Likewise for one number of the elementwise products of a pair of positions. */
    private static final double PAIRED_NUMBER_FLOPS = 500;

    /** Likewise for one row of such products, an example's at one distance. */
    private static final double PAIRED_ROW_FLOPS = 3e5;

    /** Fewest outputs of a tile that is cut: products with fewer rows are slow. */
    private static final int LEAST_OUTPUTS = 64;

    /**
     * Rotate activations and output gradients, then sum over positions.
     *
     * @return 2t(i² + o²)/O + 2t·i·o flops an example
     */
    public double rotateFirst() {
        return 2.0 * positions * (activationNumbers() + gradientNumbers() + layer.parameters());
    }

    /**
     * Sum over positions, then rotate the gradient.
     *
     * @return 2t·i·o + 2i·o(i + o)/O flops an example
     */
    public double gradientFirst() {
        return 2.0 * positions * layer.parameters() + rotateGradient();
    }

    /**
     * Rotate activations and output gradients, then sum the squares of the gradient over pairs of positions, P∘P = Σ_{s,t}
     * (g_s∘g_t)(ā_s∘ā_t)ᵀ. With one position this is all there is to do.
     *
     * @return 2t(i² + o²)/O + t(t + 1)·i·o flops an example
     */
    public double gram() {
        double pairs = 0.5 * positions * (positions + 1.0);
        return 2.0 * positions * (activationNumbers() + gradientNumbers()) + 2 * pairs * layer.parameters();
    }

    /**
     * Picks the way where only the squares of rotated gradients are needed. Pairs of positions need more flops than a
     * gradient does, but in large products, and nothing of the size of a gradient is stored for an example: for few positions
     * they take less time, unless the layer is so small that its gradients stay in the cache.
     *
     * @param forced what the options ask for
     * @return whether to sum over pairs of positions
     */
    public boolean sumsPairs(Rotation forced) {
        if (positions == 1 || forced == Rotation.GRAM) {
            return true;
        }
        if (forced != Rotation.CHEAPEST) {
            return false;
        }
        double pairedNumbers =
                0.5 * positions * (positions + 1.0) * (layer.gradientColumns() + (double) layer.outputs());
        double pairs = gram() + PAIRED_NUMBER_FLOPS * pairedNumbers + 2 * (positions - 1) * PAIRED_ROW_FLOPS;
        double formed = squaresTiles(forced) ? CACHED_NUMBER_FLOPS : FORMED_NUMBER_FLOPS;
        return pairs < chosen(Rotation.CHEAPEST) + formed * layer.parameters();
    }

    /**
     * Says whether each core squares tiles of the gradients of a few examples, where squares are not summed over pairs of positions.
     * A gradient that is written to memory and read again takes longer than its products where positions are few.
     *
     * @param forced what the options ask for
     * @return false where rotating the gradient is cheaper than rotating the vectors
     */
    public boolean squaresTiles(Rotation forced) {
        return switch (forced) {
            case TILES -> true;
            case CHEAPEST ->
                sizes.cores() > 1
                        && tileNumbers(1) <= sizes.temporary()
                        && positions <= MOST_POSITIONS_OF_TILES
                        && layer.outputs() >= LEAST_OUTPUTS * sizes.cores()
                        && (blocks == 0 || rotatesFirst(forced));
            case ROTATE_FIRST, GRADIENT_FIRST, GRAM -> false;
        };
    }

    /**
     * Counts the tiles of a gradient: as many for each core.
     *
     * @return at least 1, at most o
     */
    public int tiles() {
        int ofCore = (layer.outputs() + TILE_OUTPUTS * sizes.cores() - 1) / (TILE_OUTPUTS * sizes.cores());
        int rows = (layer.outputs() + ofCore * sizes.cores() - 1) / (ofCore * sizes.cores());
        return (layer.outputs() + rows - 1) / rows;
    }

    /**
     * Returns the outputs of a tile.
     *
     * @return the last tile may have fewer
     */
    public int tileOutputs() {
        return (layer.outputs() + tiles() - 1) / tiles();
    }

    /**
     * Says of how many examples a core forms a tile before it uses them: of more than one where tiles are small, as each use takes some
     * time of its own.
     *
     * @return at least 1
     */
    public int tileExamples() {
        return Math.max(1, TILE_NUMBERS / Math.multiplyExact(tileOutputs(), layer.gradientColumns()));
    }

    /**
     * Counts the numbers of tiles that are in use at a time.
     *
     * @param examples examples of a batch
     * @return numbers of a tile of some examples for each core
     */
    public long tileNumbers(int examples) {
        long tiles = (long) Math.min(sizes.cores(), tiles()) * Math.min(examples, tileExamples());
        return tiles * tileOutputs() * layer.gradientColumns();
    }

    /**
     * Says for how many examples pairs of positions are summed at a time, so that memory stays bounded.
     *
     * @param examples examples of a batch
     * @return at least 1, at most {@code examples}
     */
    public int pairsAtOnce(int examples) {
        long rotated = (long) positions * Math.max(layer.gradientColumns(), layer.outputs());
        return (int) Math.max(1, Math.min(examples, sizes.tile() / rotated));
    }

    /**
     * Rotate a gradient that is there already, or rotate it back.
     *
     * @return 2i·o(i + o)/O flops
     */
    public double rotateGradient() {
        return 2.0 * (layer.outputs() * activationNumbers() + layer.gradientColumns() * gradientNumbers());
    }

    /**
     * Picks the way of forming a rotated gradient; with one position the two rotated vectors are always enough.
     *
     * @param forced what the options ask for
     * @return whether to rotate first; false where there is no basis
     */
    public boolean rotatesFirst(Rotation forced) {
        if (blocks == 0) {
            return false;
        }
        return switch (forced) {
            case ROTATE_FIRST, TILES -> true;
            case GRADIENT_FIRST -> false;
            case CHEAPEST, GRAM -> positions == 1 || rotateFirst() < gradientFirst();
        };
    }

    /**
     * Returns the flops of the way in which a rotated gradient is formed.
     *
     * @param forced what the options ask for
     * @return flops an example
     */
    public double chosen(Rotation forced) {
        return positions == 1 || rotatesFirst(forced) ? rotateFirst() : gradientFirst();
    }

    /**
     * Says how many examples are worked on at a time, so that memory stays bounded.
     *
     * @param examples examples of a batch
     * @param forced what the options ask for
     * @return at least 1, at most {@code examples}
     */
    public int gradientsAtOnce(int examples, Rotation forced) {
        long most;
        if (blocks > 0 && !rotatesFirst(forced)) {
            most = sizes.temporary() / layer.parameters();
        } else {
            long outputs = Math.min(LEAST_OUTPUTS, layer.outputs());
            most = sizes.temporary() / (outputs * layer.gradientColumns());
            if (blocks > 0) {
                long rotated = (long) positions * Math.max(layer.gradientColumns(), layer.outputs());
                most = Math.min(most, sizes.temporary() / rotated);
            }
        }
        // more would not be added up in float32
        return WorkSizes.evenly(examples, Math.min(most, RunningSum.BLOCK_ROWS));
    }

    /**
     * Says how many rows of the gradients of some examples are formed at a time.
     *
     * @param examples examples that are worked on
     * @return at least 1, at most o
     */
    public int outputsAtOnce(int examples) {
        return WorkSizes.evenly(layer.outputs(), sizes.temporary() / ((long) examples * layer.gradientColumns()));
    }

    /**
     * Counts the numbers of gradients that are formed at a time.
     *
     * @param examples examples of a batch
     * @param forced what the options ask for
     * @return numbers of whole gradients, or of a tile of them
     */
    public long numbersAtOnce(int examples, Rotation forced) {
        int count = gradientsAtOnce(examples, forced);
        int outputs = blocks > 0 && !rotatesFirst(forced) ? layer.outputs() : outputsAtOnce(count);
        return (long) count * outputs * layer.gradientColumns();
    }

    private double activationNumbers() {
        return blocks == 0 ? 0 : BlockDiagonal.numbers(layer.gradientColumns(), blocks);
    }

    private double gradientNumbers() {
        return blocks == 0 ? 0 : BlockDiagonal.numbers(layer.outputs(), blocks);
    }
}
