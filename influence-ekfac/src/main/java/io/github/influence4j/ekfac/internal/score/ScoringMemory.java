package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.options.QueryRank;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.List;

/**
 * How many queries are held at a time, and in which form.
 *
 * @param options rank, batches and limit
 * @param bytesPerNumber b, of the working precision
 * @param available bytes that the backend says are available
 * @param maxElements most numbers of one matrix
 */
public record ScoringMemory(ScoreOptions options, int bytesPerNumber, long available, long maxElements) {

    /**
     * Asks a backend.
     *
     * @param backend where the queries lie
     * @param options rank, batches and limit
     * @return what holds now
     */
    public static ScoringMemory of(MatrixBackend backend, ScoreOptions options) {
        return new ScoringMemory(
                options, backend.precision().bytes(), backend.availableMemory(), backend.maxElements());
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
        return QueryLayer.bytesPerQuery(layer, rank(), bytesPerNumber);
    }

    /**
     * Returns how many queries are scored in one pass over the training set: as many whole batches as fit; at least one.
     *
     * @param layers the layers
     * @param all number of queries
     * @return at least 1, at most {@code all}
     */
    public int queriesAtOnce(List<LayerSpec> layers, int all) {
        long bytes = 0;
        long elements = 1;
        for (LayerSpec layer : layers) {
            bytes += bytesPerQuery(layer);
            elements = Math.max(elements, bytesPerQuery(layer) / bytesPerNumber);
        }
        long limit = options.memoryLimit().orElse(available / 2);
        long fit = Math.min(limit / bytes, maxElements / elements);
        long whole = Math.max(1, fit / options.queryBatchSize()) * options.queryBatchSize();
        return (int) Math.min(whole, all);
    }

    /**
     * Says whether factored queries may be multiplied out at a layer: in half of the memory limit at most, as the factors
     * stay beside it.
     *
     * @param layer the layer
     * @param queries number of queries
     * @return whether they fit
     */
    public boolean fitsMultipliedOut(LayerSpec layer, int queries) {
        long numbers = queries * layer.parameters();
        return numbers <= maxElements
                && numbers * bytesPerNumber <= options.memoryLimit().orElse(available) / 2;
    }

    private int rank() {
        return options.rank().map(QueryRank::rank).orElse(0);
    }
}
