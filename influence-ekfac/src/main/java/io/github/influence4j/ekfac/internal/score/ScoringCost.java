package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.internal.eigen.RotationCost;
import io.github.influence4j.linalg.WorkSizes;

/**
 * How many flops the ways of scoring need at one layer, and which one is taken, by the time of its flops and of the numbers it
 * stores (method of the paper, section 3.2; the flops follow from the shapes). A multiplication with an addition counts as 2.
 *
 * @param layer the layer
 * @param positions t, positions of a training example
 * @param queries Q, queries that are scored together
 * @param rank r of factored queries; 0 for whole ones
 */
public record ScoringCost(LayerSpec layer, int positions, int queries, int rank) {

    /**
     * Flops of a large product in whose time one number of a position's projection is stored and multiplied with the other
     * factor's: what projecting costs beyond its flops. Measured, see decision 89.
     */
    private static final double PROJECTED_NUMBER_FLOPS = 250;

    /** Fewest rows of a product with many queries: with fewer it is slow. */
    private static final int LEAST_ROWS = 512;

    /**
     * Says how much is worked on at a time, so that intermediate matrices stay bounded.
     *
     * @param sizes how much the backend is best given at a time
     * @param rows examples or positions there are
     * @param width numbers of an intermediate matrix for each
     * @return at least 1, at most {@code rows}
     */
    public static int atOnce(WorkSizes sizes, int rows, long width) {
        return (int) Math.max(1, Math.min(rows, sizes.temporary() / width));
    }

    /**
     * Says how many queries are projected at a time, so that intermediate matrices stay bounded and have rows enough.
     *
     * @param sizes how much the backend is best given at a time
     * @param rows positions there are
     * @param queries queries there are
     * @param width numbers of an intermediate matrix for a position and query
     * @return at least 1, at most {@code queries}
     */
    public static int queriesAtOnce(WorkSizes sizes, int rows, int queries, int width) {
        return WorkSizes.evenly(queries, sizes.temporary() / ((long) width * Math.min(rows, LEAST_ROWS)));
    }

    /**
     * Σ_p g_pᵀ(V_q ā_p): every query's matrix is applied to every position.
     *
     * @return 2t·Q·(i·o + o) flops an example
     */
    public double projection() {
        return 2.0 * positions * queries * (layer.parameters() + layer.outputs());
    }

    /**
     * The gradient is formed once, and then one inner product a query.
     *
     * @return 2t·i·o + 2Q·i·o flops an example
     */
    public double gradient() {
        return 2.0 * layer.parameters() * (positions + queries);
    }

    /**
     * Two tall products with the factors and a row-wise sum.
     *
     * @return 2t·Q·r(i + o + 1) flops an example
     */
    public double factored() {
        return 2.0 * positions * queries * rank * (layer.gradientColumns() + layer.outputs() + 1);
    }

    /**
     * Picks the way for whole queries: the one that takes less time, which flops alone do not tell. A gradient is formed by a small
     * product, stored and read again; with few positions that takes many times as long as its flops.
     *
     * @param forced what the options ask for
     * @param tokens whether scores of single positions are wanted, which only projections give
     * @return {@link Path#PROJECTION} or {@link Path#GRADIENT}
     */
    public Path whole(Path forced, boolean tokens) {
        if (tokens || forced == Path.PROJECTION) {
            return Path.PROJECTION;
        }
        double projections = projection() + projectedNumbers(layer.outputs());
        return forced == Path.GRADIENT || throughGradients() < projections ? Path.GRADIENT : Path.PROJECTION;
    }

    /**
     * Says whether factored queries are better multiplied out and scored through gradients: same numbers, less time with
     * many queries and positions, but the memory of whole queries.
     *
     * @param forced what the options ask for
     * @param tokens whether scores of single positions are wanted
     * @return whether to multiply out, memory permitting
     */
    public boolean multipliesOut(Path forced, boolean tokens) {
        return !tokens
                && (forced == Path.GRADIENT
                        || (forced == Path.CHEAPEST && throughGradients() < factored() + projectedNumbers(rank)));
    }

    /** Flops in whose time scores are computed through gradients. */
    private double throughGradients() {
        return gradient() + RotationCost.FORMED_NUMBER_FLOPS * layer.parameters();
    }

    /** Flops in whose time projections of some width are stored and multiplied. */
    private double projectedNumbers(int width) {
        return PROJECTED_NUMBER_FLOPS * positions * queries * width;
    }

    /**
     * Says whether it is cheaper to rotate the training captures into the eigenbasis than to rotate the preconditioned
     * queries out of it: 2t(i² + o²) flops an example against 2i·o(i + o) a query. True only for few training examples.
     *
     * @param forced what the options ask for
     * @param examples N
     * @return whether to score in the eigenbasis
     */
    public boolean rotatesCaptures(Coordinates forced, long examples) {
        if (forced != Coordinates.CHEAPEST) {
            return forced == Coordinates.EIGENBASIS;
        }
        double i = layer.gradientColumns();
        double o = layer.outputs();
        return (double) examples * positions * (i * i + o * o) < queries * i * o * (i + o);
    }
}
