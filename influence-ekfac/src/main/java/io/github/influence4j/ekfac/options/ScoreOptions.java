package io.github.influence4j.ekfac.options;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * What is computed when scoring, and how.
 *
 * <p>Immutable; each {@code with…} gives new options.
 */
public final class ScoreOptions {

    private final Optional<QueryRank> rank;
    private final boolean perLayer;
    private final boolean perToken;
    private final boolean layerTokens;
    private final int batchSize;
    private final int batchPositions;
    private final int queryBatchSize;
    private final OptionalLong memoryLimit;

    private ScoreOptions(
            Optional<QueryRank> rank,
            boolean perLayer,
            boolean perToken,
            boolean layerTokens,
            int batchSize,
            int batchPositions,
            int queryBatchSize,
            OptionalLong memoryLimit) {
        requirePositive("batch size", batchSize);
        requirePositive("batch positions", batchPositions);
        requirePositive("query batch size", queryBatchSize);
        requirePositive("memory limit", memoryLimit.orElse(1));
        this.rank = rank;
        this.perLayer = perLayer;
        this.perToken = perToken;
        this.layerTokens = layerTokens;
        this.batchSize = batchSize;
        this.batchPositions = batchPositions;
        this.queryBatchSize = queryBatchSize;
        this.memoryLimit = memoryLimit;
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
                true,
                256,
                FitOptions.DEFAULT_BATCH_POSITIONS,
                16,
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
                layerTokens,
                batchSize,
                batchPositions,
                queryBatchSize,
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
                layerTokens,
                batchSize,
                batchPositions,
                queryBatchSize,
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
                rank, value, perToken, layerTokens, batchSize, batchPositions, queryBatchSize, memoryLimit);
    }

    /**
     * Keeps or drops the parts of the training tokens; with {@link #withPerLayer} those of each layer and token too.
     *
     * @param value whether to keep them
     * @return new options
     */
    public ScoreOptions withPerToken(boolean value) {
        return new ScoreOptions(
                rank, perLayer, value, layerTokens, batchSize, batchPositions, queryBatchSize, memoryLimit);
    }

    /**
     * Keeps or drops the parts of each layer and token together, where {@link #withPerLayer those of layers} and {@link #withPerToken those
     * of tokens} are kept: they take as much as the parts of tokens for each layer. On a cluster they are kept always.
     *
     * @param value whether to keep them, as is done unless this is said
     * @return new options
     */
    public ScoreOptions withLayerTokens(boolean value) {
        return new ScoreOptions(
                rank, perLayer, perToken, value, batchSize, batchPositions, queryBatchSize, memoryLimit);
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
                rank, perLayer, perToken, layerTokens, value, batchPositions, queryBatchSize, memoryLimit);
    }

    /**
     * Changes how many rows of a layer a batch of training examples may have.
     *
     * @param value n·t, rows per batch; one example is always taken
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public ScoreOptions withBatchPositions(int value) {
        return new ScoreOptions(rank, perLayer, perToken, layerTokens, batchSize, value, queryBatchSize, memoryLimit);
    }

    /**
     * Changes the batch size of the queries.
     *
     * @param value queries per batch
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public ScoreOptions withQueryBatchSize(int value) {
        return new ScoreOptions(rank, perLayer, perToken, layerTokens, batchSize, batchPositions, value, memoryLimit);
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
                layerTokens,
                batchSize,
                batchPositions,
                queryBatchSize,
                OptionalLong.of(bytes));
    }

    /**
     * Returns what each layer's preconditioned query gradient is cut to; empty for whole gradients.
     *
     * @return what each layer's preconditioned query gradient is cut to; empty for whole gradients
     */
    public Optional<QueryRank> rank() {
        return rank;
    }

    /**
     * Returns whether the part of each layer is kept: 8 bytes a score and layer.
     *
     * @return whether the part of each layer is kept: 8 bytes a score and layer
     */
    public boolean perLayer() {
        return perLayer;
    }

    /**
     * Returns whether the part of each training token is kept: 8 bytes a score and token, with parts per layer once more for each layer
     * with tokens.
     *
     * @return whether the part of each training token is kept
     */
    public boolean perToken() {
        return perToken;
    }

    /**
     * Returns whether the parts of each layer and token are kept where those of layers and of tokens are.
     *
     * @return whether they are
     */
    public boolean layerTokens() {
        return layerTokens;
    }

    /**
     * Returns training examples per batch, at most.
     *
     * @return training examples per batch, at most
     */
    public int batchSize() {
        return batchSize;
    }

    /**
     * Returns rows of a layer per batch of training examples, at most: n·t.
     *
     * @return rows of a layer per batch of training examples, at most: n·t
     */
    public int batchPositions() {
        return batchPositions;
    }

    /**
     * Returns queries whose gradients are formed and preconditioned together.
     *
     * @return queries whose gradients are formed and preconditioned together
     */
    public int queryBatchSize() {
        return queryBatchSize;
    }

    /**
     * Returns most bytes for preconditioned queries; empty for half of what the backend has.
     *
     * @return most bytes for preconditioned queries; empty for half of what the backend has. Queries that do not fit at once are scored in several passes over the training set
     */
    public OptionalLong memoryLimit() {
        return memoryLimit;
    }

    @Override
    public String toString() {
        return "ScoreOptions["
                + "rank=" + rank
                + ", perLayer=" + perLayer
                + ", perToken=" + perToken
                + ", layerTokens=" + layerTokens
                + ", batchSize=" + batchSize
                + ", batchPositions=" + batchPositions
                + ", queryBatchSize=" + queryBatchSize
                + ", memoryLimit=" + memoryLimit
                + "]";
    }
}
