package io.github.influence4j.ekfac.options;

import io.github.influence4j.ekfac.options.FitOptions.Rotation;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What is computed when scoring, and how.
 *
 * @param rank what each layer's preconditioned query gradient is cut to; empty for whole gradients
 * @param perLayer whether the part of each layer is kept: 8 bytes a score and layer
 * @param perToken whether the part of each training token is kept: 8 bytes a score and token
 * @param batchSize training examples per batch, at most
 * @param batchPositions rows of a layer per batch of training examples, at most: n·t
 * @param queryBatchSize queries whose gradients are formed and preconditioned together
 * @param path how full-rank scores are computed
 * @param rotation how self-influence forms the squares of rotated gradients
 * @param coordinates in which coordinates whole queries and training captures meet
 * @param memoryLimit most bytes for preconditioned queries; empty for half of what the backend has. Queries that do not
 *     fit at once are scored in several passes over the training set
 */
public record ScoreOptions(
        Optional<QueryRank> rank,
        boolean perLayer,
        boolean perToken,
        int batchSize,
        int batchPositions,
        int queryBatchSize,
        Path path,
        Rotation rotation,
        Coordinates coordinates,
        OptionalLong memoryLimit) {

    /** In which coordinates whole queries meet training captures. Both give the same numbers. */
    public enum Coordinates {
        /** Whichever needs fewer flops: the eigenbasis for few training examples. */
        CHEAPEST,
        /** Queries stay in the eigenbasis, training captures are rotated into it: 2t(i² + o²) flops an example. */
        EIGENBASIS,
        /** Queries are rotated back: 2i·o(i + o) flops a query. */
        PARAMETERS
    }

    /** How ⟨V_q, G_z⟩ is computed for Q queries V_q and an example with t positions. All ways give the same numbers. */
    public enum Path {
        /** Whichever needs fewer flops in the layer at hand; projections where scores per token are asked for. */
        CHEAPEST,
        /**
         * Σ_p g_pᵀ(V_q ā_p) with all V_q in one product: 2t·i·o·Q flops, never forms G_z. Queries of rank r stay factored:
         * 2t·r(i + o + 1)·Q flops.
         */
        PROJECTION,
        /**
         * Forms G_z, then one product with all V_q: 2t·i·o + 2i·o·Q flops. Queries of rank r are multiplied out where the memory
         * limit allows it.
         */
        GRADIENT
    }

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if a number is not positive
     */
    public ScoreOptions {
        requirePositive("batch size", batchSize);
        requirePositive("batch positions", batchPositions);
        requirePositive("query batch size", queryBatchSize);
        requirePositive("memory limit", memoryLimit.orElse(1));
    }

    private static void requirePositive(String what, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(what + " must be positive, found " + value);
        }
    }

    /**
     * Returns full rank and totals only, in batches of 256 training examples and 16 queries.
     *
     * @return the defaults
     */
    public static ScoreOptions defaults() {
        return new ScoreOptions(
                Optional.empty(),
                false,
                false,
                256,
                FitOptions.DEFAULT_BATCH_POSITIONS,
                16,
                Path.CHEAPEST,
                Rotation.CHEAPEST,
                Coordinates.CHEAPEST,
                OptionalLong.empty());
    }

    /**
     * Cuts preconditioned query gradients to a rank by the exact truncated SVD.
     *
     * @param value at least 1
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public ScoreOptions withRank(int value) {
        return withRank(QueryRank.exact(value));
    }

    /**
     * Cuts preconditioned query gradients to a rank in a given way.
     *
     * @param value rank and method
     * @return new options
     */
    public ScoreOptions withRank(QueryRank value) {
        return new ScoreOptions(
                Optional.of(value),
                perLayer,
                perToken,
                batchSize,
                batchPositions,
                queryBatchSize,
                path,
                rotation,
                coordinates,
                memoryLimit);
    }

    /**
     * Leaves preconditioned query gradients whole.
     *
     * @return new options
     */
    public ScoreOptions withFullRank() {
        return new ScoreOptions(
                Optional.empty(),
                perLayer,
                perToken,
                batchSize,
                batchPositions,
                queryBatchSize,
                path,
                rotation,
                coordinates,
                memoryLimit);
    }

    /**
     * Keeps or drops the parts of the layers.
     *
     * @param value whether to keep them
     * @return new options
     */
    public ScoreOptions withPerLayer(boolean value) {
        return new ScoreOptions(
                rank,
                value,
                perToken,
                batchSize,
                batchPositions,
                queryBatchSize,
                path,
                rotation,
                coordinates,
                memoryLimit);
    }

    /**
     * Keeps or drops the parts of the training tokens.
     *
     * @param value whether to keep them
     * @return new options
     */
    public ScoreOptions withPerToken(boolean value) {
        return new ScoreOptions(
                rank,
                perLayer,
                value,
                batchSize,
                batchPositions,
                queryBatchSize,
                path,
                rotation,
                coordinates,
                memoryLimit);
    }

    /**
     * Changes the batch size of the training set.
     *
     * @param value training examples per batch
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public ScoreOptions withBatchSize(int value) {
        return new ScoreOptions(
                rank,
                perLayer,
                perToken,
                value,
                batchPositions,
                queryBatchSize,
                path,
                rotation,
                coordinates,
                memoryLimit);
    }

    /**
     * Changes how many rows of a layer a batch of training examples may have.
     *
     * @param value n·t, rows per batch; one example is always taken
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public ScoreOptions withBatchPositions(int value) {
        return new ScoreOptions(
                rank, perLayer, perToken, batchSize, value, queryBatchSize, path, rotation, coordinates, memoryLimit);
    }

    /**
     * Changes the batch size of the queries.
     *
     * @param value queries per batch
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public ScoreOptions withQueryBatchSize(int value) {
        return new ScoreOptions(
                rank, perLayer, perToken, batchSize, batchPositions, value, path, rotation, coordinates, memoryLimit);
    }

    /**
     * Forces a way of computing; for tests and measurements.
     *
     * @param value the new value
     * @return new options
     */
    public ScoreOptions withPath(Path value) {
        return new ScoreOptions(
                rank,
                perLayer,
                perToken,
                batchSize,
                batchPositions,
                queryBatchSize,
                value,
                rotation,
                coordinates,
                memoryLimit);
    }

    /**
     * Forces a way of forming squares of rotated gradients for self-influence; for tests and measurements.
     *
     * @param value the new value
     * @return new options
     */
    public ScoreOptions withRotation(Rotation value) {
        return new ScoreOptions(
                rank,
                perLayer,
                perToken,
                batchSize,
                batchPositions,
                queryBatchSize,
                path,
                value,
                coordinates,
                memoryLimit);
    }

    /**
     * Forces the coordinates of whole queries; for tests and measurements.
     *
     * @param value the new value
     * @return new options
     */
    public ScoreOptions withCoordinates(Coordinates value) {
        return new ScoreOptions(
                rank,
                perLayer,
                perToken,
                batchSize,
                batchPositions,
                queryBatchSize,
                path,
                rotation,
                value,
                memoryLimit);
    }

    /**
     * Limits the memory of preconditioned queries.
     *
     * @param bytes most bytes
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public ScoreOptions withMemoryLimit(long bytes) {
        return new ScoreOptions(
                rank,
                perLayer,
                perToken,
                batchSize,
                batchPositions,
                queryBatchSize,
                path,
                rotation,
                coordinates,
                OptionalLong.of(bytes));
    }
}
