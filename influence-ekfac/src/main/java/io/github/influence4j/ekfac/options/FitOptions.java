package io.github.influence4j.ekfac.options;

import java.util.OptionalLong;

/**
 * How a curvature is fitted.
 *
 * @param strategy which approximation
 * @param labels whose labels the gradients are taken with
 * @param batchSize examples per batch, at most
 * @param batchPositions rows of a layer per batch, at most: n·t; fewer where the memory limit leaves no room for the captures
 * @param kfacScale what K-FAC's eigenvalues are relative to, for layers with several positions
 * @param rotation how rotated gradients are formed for layers with several positions
 * @param blocks O, diagonal blocks that each covariance is cut into to save memory and time: both fall with 1/O, and so,
 *     slowly, does the accuracy (paper, Appendix A); 1 for none
 * @param memoryLimit most bytes that factors may take; empty for half of what the backend says is available. Half as much again
 *     is left for captures. Where the factors of
 *     all layers do not fit at once, layers are fitted in groups, with a pass over the data for each
 */
public record FitOptions(
        Strategy strategy,
        FisherLabels labels,
        int batchSize,
        int batchPositions,
        KfacScale kfacScale,
        Rotation rotation,
        int blocks,
        OptionalLong memoryLimit) {

    /** Rows of a layer per batch where nothing else is asked for: 512 MiB of 2,048 numbers each in float32. */
    public static final int DEFAULT_BATCH_POSITIONS = 1 << 16;

    /** What K-FAC's eigenvalues λ_S λ_Aᵀ are relative to. EK-FAC is not affected. */
    public enum KfacScale {
        /** Both covariances are means over positions, as in kronfluence. */
        PER_POSITION,
        /**
         * Multiplied by the mean number of positions of an example, which is the scale of EK-FAC's eigenvalues if
         * positions are independent.
         */
        PER_EXAMPLE
    }

    /** How Q_SᵀG Q_A is formed for an example with t positions. All ways give the same numbers. */
    public enum Rotation {
        /** Whichever takes least time in the layer at hand, see {@link io.github.influence4j.ekfac.internal.eigen.RotationCost}. */
        CHEAPEST,
        /** Rotate activations and output gradients, then sum over positions: 2t(i² + o²) + 2t·i·o flops. */
        ROTATE_FIRST,
        /** Sum over positions, then rotate the gradient: 2t·i·o + 2i·o(i + o) flops. */
        GRADIENT_FIRST,
        /**
         * Where only the squares are needed: rotate activations and output gradients, then sum products over all pairs of
         * positions, 2t(i² + o²) + t(t + 1)·i·o flops, without forming the gradient of an example. Elsewhere as {@link
         * #CHEAPEST}.
         */
        GRAM
    }

    /**
     * Checks the batches, the blocks and the limit.
     *
     * @throws IllegalArgumentException if one of them is not positive
     */
    public FitOptions {
        if (batchSize < 1) {
            throw new IllegalArgumentException("batch size must be positive, found " + batchSize);
        }
        if (batchPositions < 1) {
            throw new IllegalArgumentException("batch positions must be positive, found " + batchPositions);
        }
        if (blocks < 1) {
            throw new IllegalArgumentException("blocks must be positive, found " + blocks);
        }
        if (memoryLimit.isPresent() && memoryLimit.getAsLong() < 1) {
            throw new IllegalArgumentException("memory limit must be positive, found " + memoryLimit.getAsLong());
        }
    }

    /**
     * Returns EK-FAC with one sampled label a position, in batches of 256.
     *
     * @return the defaults
     */
    public static FitOptions defaults() {
        return new FitOptions(
                Strategy.EKFAC,
                FisherLabels.sampled(FisherLabels.DEFAULT_SEED),
                256,
                DEFAULT_BATCH_POSITIONS,
                KfacScale.PER_POSITION,
                Rotation.CHEAPEST,
                1,
                OptionalLong.empty());
    }

    /**
     * Changes the strategy.
     *
     * @param value the new value
     * @return new options
     */
    public FitOptions withStrategy(Strategy value) {
        return new FitOptions(value, labels, batchSize, batchPositions, kfacScale, rotation, blocks, memoryLimit);
    }

    /**
     * Changes the labels.
     *
     * @param value the new value
     * @return new options
     */
    public FitOptions withLabels(FisherLabels value) {
        return new FitOptions(strategy, value, batchSize, batchPositions, kfacScale, rotation, blocks, memoryLimit);
    }

    /**
     * Changes the batch size.
     *
     * @param value examples per batch
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public FitOptions withBatchSize(int value) {
        return new FitOptions(strategy, labels, value, batchPositions, kfacScale, rotation, blocks, memoryLimit);
    }

    /**
     * Changes how many rows of a layer a batch may have.
     *
     * @param value n·t, rows per batch; one example is always taken
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public FitOptions withBatchPositions(int value) {
        return new FitOptions(strategy, labels, batchSize, value, kfacScale, rotation, blocks, memoryLimit);
    }

    /**
     * Changes the scale of K-FAC.
     *
     * @param value the new value
     * @return new options
     */
    public FitOptions withKfacScale(KfacScale value) {
        return new FitOptions(strategy, labels, batchSize, batchPositions, value, rotation, blocks, memoryLimit);
    }

    /**
     * Forces a way of rotating gradients; for tests and measurements.
     *
     * @param value the new value
     * @return new options
     */
    public FitOptions withRotation(Rotation value) {
        return new FitOptions(strategy, labels, batchSize, batchPositions, kfacScale, value, blocks, memoryLimit);
    }

    /**
     * Cuts each covariance into diagonal blocks of contiguous coordinates, as equal as possible.
     *
     * @param value O; more blocks than a covariance has coordinates count as that many
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public FitOptions withBlocks(int value) {
        return new FitOptions(strategy, labels, batchSize, batchPositions, kfacScale, rotation, value, memoryLimit);
    }

    /**
     * Limits the memory of the factors.
     *
     * @param bytes most bytes
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public FitOptions withMemoryLimit(long bytes) {
        return new FitOptions(
                strategy, labels, batchSize, batchPositions, kfacScale, rotation, blocks, OptionalLong.of(bytes));
    }
}
