package io.github.influence4j.ekfac.internal.eigen;

/** How Q_SᵀG Q_A is formed for an example with t positions. All ways give the same numbers. */
public enum Rotation {
    /** Whichever takes least time in the layer at hand, see {@link RotationCost}. */
    CHEAPEST,
    /** Rotate activations and output gradients, then sum over positions: 2t(i² + o²) + 2t·i·o flops. */
    ROTATE_FIRST,
    /**
     * Where only the squares are needed: as {@link #ROTATE_FIRST}, but each core forms a tile of the gradients of a few examples at a
     * time and uses it while it is in the core's own cache. Elsewhere as {@link #ROTATE_FIRST}.
     */
    TILES,
    /** Sum over positions, then rotate the gradient: 2t·i·o + 2i·o(i + o) flops. */
    GRADIENT_FIRST,
    /**
     * Where only the squares are needed: rotate activations and output gradients, then sum products over all pairs of
     * positions, 2t(i² + o²) + t(t + 1)·i·o flops, without forming the gradient of an example. Elsewhere as {@link
     * #CHEAPEST}.
     */
    GRAM
}
