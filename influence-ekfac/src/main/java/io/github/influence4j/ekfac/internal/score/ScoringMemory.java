package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.factor.BatchSize;
import io.github.influence4j.ekfac.internal.factor.MemoryShares;
import io.github.influence4j.ekfac.options.QueryRank;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.BitSet;
import java.util.List;

/**
 * How many queries are held at a time, and in which form. Asked once a run, before anything is held: what is free changes while it
 * runs, and these answers must not.
 *
 * @param options rank, batches and limit
 * @param precision the working precision, of b bytes a number
 * @param available bytes that the backend says are available
 * @param maxElements most numbers of one matrix
 */
public record ScoringMemory(ScoreOptions options, Precision precision, long available, long maxElements) {

    /**
     * Asks a backend.
     *
     * @param backend where the queries lie
     * @param options rank, batches and limit
     * @return what holds now
     */
    public static ScoringMemory of(MatrixBackend backend, ScoreOptions options) {
        return new ScoringMemory(options, backend.precision(), backend.availableMemory(), backend.maxElements());
    }

    /**
     * Takes memory away that something else will hold by then.
     *
     * @param bytes of factors, for instance
     * @return what holds when they are there
     */
    public ScoringMemory without(double bytes) {
        return new ScoringMemory(options, precision, (long) Math.max(0, available - bytes), maxElements);
    }

    /**
     * Says whether the queries of a layer are held as factors.
     *
     * @param layer the layer
     * @return false where no rank was asked for, or it cuts nothing
     */
    public boolean factors(LayerSpec layer) {
        return QueryLayer.isFactored(layer, rank());
    }

    /**
     * Returns what one preconditioned query takes at a layer.
     *
     * @param layer the layer
     * @return bytes: b·i·o, or b·r(i + o) as factors
     */
    public long bytesPerQuery(LayerSpec layer) {
        return QueryLayer.bytesPerQuery(layer, rank(), precision.bytes());
    }

    private long bytesPerQuery(List<LayerSpec> layers) {
        return layers.stream().mapToLong(this::bytesPerQuery).sum();
    }

    private MemoryShares shares() {
        return MemoryShares.of(available, options.memoryLimit());
    }

    private long limit() {
        return shares().held();
    }

    /**
     * Bounds the batches of training examples and of queries, as a fit bounds its own.
     *
     * @param layers the layers
     * @param model {@link io.github.influence4j.api.GradientProvider#bytesPerPosition}
     * @return the bounds of the options, with fewer rows where the captures of a batch, and what the model holds meanwhile, would not fit
     *     beside the queries
     */
    public BatchSize batches(List<LayerSpec> layers, long model) {
        return BatchSize.of(options).within(layers, precision, model, shares().captures());
    }

    /**
     * Returns how many queries are scored in one pass over the training set: as many whole batches as fit; at least one query.
     *
     * @param layers the layers
     * @param all number of queries
     * @return at least 1, at most {@code all}
     */
    public int queriesAtOnce(List<LayerSpec> layers, int all) {
        long batch = queriesPerBatch(layers, all);
        return (int) Math.min(mostAtOnce(layers) / batch * batch, all);
    }

    /**
     * Returns how many queries are preconditioned together: a batch, or fewer where so many do not fit, or two stacks of their
     * gradients at the largest layer, in which they are rotated, would take more than the limit or be too large for a matrix; at least
     * one.
     *
     * @param layers the layers
     * @param all number of queries
     * @return at least 1, at most {@code all}
     */
    public int queriesPerBatch(List<LayerSpec> layers, int all) {
        long parameters = layers.stream().mapToLong(LayerSpec::parameters).max().orElse(1);
        long fit = Math.min(limit() / (2 * precision.bytes() * parameters), maxElements / parameters);
        long most = Math.min(Math.min(options.queryBatchSize(), all), mostAtOnce(layers));
        return (int) Math.max(1, Math.min(most, fit));
    }

    private long mostAtOnce(List<LayerSpec> layers) {
        long elements = layers.stream().mapToLong(this::bytesPerQuery).max().orElse(1) / precision.bytes();
        return Math.max(1, Math.min(limit() / bytesPerQuery(layers), maxElements / elements));
    }

    /**
     * Says at which layers factored queries may be multiplied out: one layer after the other, as long as all that is held stays within
     * the limit.
     *
     * @param layers the layers
     * @param queries number of queries of a pass
     * @return indices of layers
     */
    public BitSet multipliedOut(List<LayerSpec> layers, int queries) {
        BitSet fitting = new BitSet(layers.size());
        long left = limit() - queries * bytesPerQuery(layers);
        for (int l = 0; l < layers.size(); l++) {
            long numbers = queries * layers.get(l).parameters();
            if (factors(layers.get(l)) && numbers <= maxElements && numbers * precision.bytes() <= left) {
                fitting.set(l);
                left -= numbers * precision.bytes();
            }
        }
        return fitting;
    }

    private int rank() {
        return options.rank().map(QueryRank::rank).orElse(0);
    }
}
