package io.github.influence4j.spark;

import io.github.influence4j.api.Damping;
import io.github.influence4j.ekfac.options.QueryRank;
import io.github.influence4j.ekfac.options.ScoreOptions;
import java.io.Serializable;
import java.util.OptionalLong;

/**
 * Options of scores as they are sent. A rank of 0 is none.
 *
 * @param rank that queries are cut to; 0 for none
 * @param randomised whether they are cut by a randomised decomposition
 * @param seed of that
 * @param perLayer whether parts by layer are wanted
 * @param perToken whether parts by token are wanted
 * @param batchSize most examples of a batch
 * @param batchPositions most rows of a layer in a batch
 * @param queryBatchSize most queries that are prepared together
 * @param memoryLimit bytes that a task may take
 * @param damping what λ is relative to
 * @param dampingValue λ, or the multiple of the mean eigenvalue
 */
record ScoreSettings(
        int rank,
        boolean randomised,
        long seed,
        boolean perLayer,
        boolean perToken,
        int batchSize,
        int batchPositions,
        int queryBatchSize,
        long memoryLimit,
        Damping.Kind damping,
        double dampingValue)
        implements Serializable {

    static ScoreSettings of(ScoreOptions options, Damping damping) {
        OptionalLong seed = options.rank().map(QueryRank::seed).orElse(OptionalLong.empty());
        return new ScoreSettings(
                options.rank().map(QueryRank::rank).orElse(0),
                seed.isPresent(),
                seed.orElse(0),
                options.perLayer(),
                options.perToken(),
                options.batchSize(),
                options.batchPositions(),
                options.queryBatchSize(),
                options.memoryLimit().orElse(FitSettings.DEFAULT_MEMORY),
                damping.kind(),
                damping.value());
    }

    /** Queries may take half of the limit, and factors the other half. */
    ScoreOptions options() {
        ScoreOptions options = ScoreOptions.defaults()
                .withPerLayer(perLayer)
                .withPerToken(perToken)
                .withBatchSize(batchSize)
                .withBatchPositions(batchPositions)
                .withQueryBatchSize(queryBatchSize)
                .withMemoryLimit(Math.max(1, memoryLimit / 2));
        return rank == 0
                ? options
                : options.withRank(randomised ? QueryRank.randomised(rank, seed) : QueryRank.exact(rank));
    }

    Damping dampingOfLayers() {
        return new Damping(damping, dampingValue);
    }
}
