package io.github.influence4j.ekfac.eigen;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.FitOptions.Rotation;
import io.github.influence4j.ekfac.factor.BlockDiagonal;

/**
 * What the ways of forming the rotated gradient Q_SᵀG Q_A of an example need at one layer, and which one is taken. A
 * multiplication with an addition counts as 2 flops; i²/O is short for the sum of the squared sizes of diagonal blocks.
 *
 * @param layer the layer
 * @param positions t, positions of an example
 * @param blocks O, diagonal blocks of each covariance; 0 where there is no basis
 */
public record RotationCost(LayerSpec layer, int positions, int blocks) {

    /** Most numbers of per-example gradients that are held at a time. */
    private static final long MOST_NUMBERS = 1L << 24;

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
     * Rotate a gradient that is there already, or rotate it back.
     *
     * @return 2i·o(i + o)/O flops
     */
    public double rotateGradient() {
        return 2.0 * (layer.outputs() * activationNumbers() + layer.gradientColumns() * gradientNumbers());
    }

    /**
     * Picks the way for layers with several positions; with one position the two rotated vectors are always enough.
     *
     * @param forced what the options ask for
     * @return whether to rotate first; false where there is no basis
     */
    public boolean rotatesFirst(Rotation forced) {
        if (blocks == 0) {
            return false;
        }
        return switch (forced) {
            case ROTATE_FIRST -> true;
            case GRADIENT_FIRST -> false;
            case CHEAPEST -> positions == 1 || rotateFirst() < gradientFirst();
        };
    }

    /**
     * Returns the flops of the way that is taken for a pass over one example.
     *
     * @param forced what the options ask for
     * @return flops an example
     */
    public double chosen(Rotation forced) {
        return positions == 1 || rotatesFirst(forced) ? rotateFirst() : gradientFirst();
    }

    /**
     * Says how many gradients are formed at a time, so that memory stays bounded.
     *
     * @param examples examples of a batch
     * @return at least 1, at most {@code examples}
     */
    public int gradientsAtOnce(int examples) {
        return (int) Math.max(1, Math.min(examples, MOST_NUMBERS / layer.parameters()));
    }

    private double activationNumbers() {
        return blocks == 0 ? 0 : BlockDiagonal.numbers(layer.gradientColumns(), blocks);
    }

    private double gradientNumbers() {
        return blocks == 0 ? 0 : BlockDiagonal.numbers(layer.outputs(), blocks);
    }
}
