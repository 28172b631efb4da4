package io.github.influence4j.ekfac.plan;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.ekfac.internal.factor.BatchSize;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How much data there is.
 */
public final class DataShape {

    private final long examples;
    private final int queries;
    private final int positions;
    private final Map<String, Integer> positionsOfLayers;
    private final long modelBytesPerPosition;
    private final double modelFlopsPerPosition;

    DataShape(
            long examples,
            int queries,
            int positions,
            Map<String, Integer> positionsOfLayers,
            long modelBytesPerPosition,
            double modelFlopsPerPosition) {
        positionsOfLayers = Map.copyOf(positionsOfLayers);
        requirePositive("examples", examples);
        requirePositive("queries", queries);
        requirePositive("positions", positions);
        if (modelBytesPerPosition < 0) {
            throw new IllegalArgumentException(
                    "bytes per position must not be negative, found " + modelBytesPerPosition);
        }
        if (!(modelFlopsPerPosition >= 0) || Double.isInfinite(modelFlopsPerPosition)) {
            throw new IllegalArgumentException(
                    "flops per position must be 0 or more, and finite, found " + modelFlopsPerPosition);
        }
        positionsOfLayers.forEach((layer, value) -> requirePositive("positions of layer " + layer, value));
        this.examples = examples;
        this.queries = queries;
        this.positions = positions;
        this.positionsOfLayers = positionsOfLayers;
        this.modelBytesPerPosition = modelBytesPerPosition;
        this.modelFlopsPerPosition = modelFlopsPerPosition;
    }

    private static void requirePositive(String what, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(what + " must be positive, found " + value);
        }
    }

    /**
     * Describes data whose examples have one position.
     *
     * @param examples N
     * @param queries Q
     * @return the shape
     * @throws IllegalArgumentException if a number is not positive
     */
    public static DataShape of(long examples, int queries) {
        return new DataShape(examples, queries, 1, Map.of(), 0, 0);
    }

    /** The same kind of data, as many of them. */
    DataShape withExamples(long value) {
        return new DataShape(
                value, queries, positions, positionsOfLayers, modelBytesPerPosition, modelFlopsPerPosition);
    }

    /**
     * Changes the positions of an example.
     *
     * @param value t
     * @return a new shape
     * @throws IllegalArgumentException if it is not positive
     */
    public DataShape withPositions(int value) {
        return new DataShape(examples, queries, value, positionsOfLayers, modelBytesPerPosition, modelFlopsPerPosition);
    }

    /**
     * Changes the positions of an example at one layer.
     *
     * @param layer name of the layer
     * @param value t
     * @return a new shape
     * @throws IllegalArgumentException if it is not positive
     */
    public DataShape withPositions(String layer, int value) {
        Map<String, Integer> more = new LinkedHashMap<>(positionsOfLayers);
        more.put(layer, value);
        return new DataShape(examples, queries, positions, more, modelBytesPerPosition, modelFlopsPerPosition);
    }

    /**
     * Changes what the model holds for each position of a batch.
     *
     * @param bytes 0 or more
     * @return a new shape
     * @throws IllegalArgumentException if it is negative
     */
    public DataShape withModelBytesPerPosition(long bytes) {
        return new DataShape(examples, queries, positions, positionsOfLayers, bytes, modelFlopsPerPosition);
    }

    /**
     * Changes what a pass of the model costs for each position of a batch: forward, and back to the first tracked layer.
     *
     * @param flops 0 if it is not known: then 4 flops a tracked parameter are counted, which is too few where the model has many
     *     parameters that are not tracked
     * @return a new shape
     * @throws IllegalArgumentException if it is negative, NaN or infinite
     */
    public DataShape withModelFlopsPerPosition(double flops) {
        return new DataShape(examples, queries, positions, positionsOfLayers, modelBytesPerPosition, flops);
    }

    /**
     * Returns the positions of an example at a layer.
     *
     * @param layer the layer
     * @return t; 1 for layers that run once an example, unless they were named
     */
    public int positions(LayerSpec layer) {
        return positionsOfLayers.getOrDefault(layer.name(), layer.positions() == Positions.NONE ? 1 : positions);
    }

    /** Examples of a batch of training examples. */
    int batch(List<LayerSpec> layers, BatchSize size) {
        return (int) Math.min(size.examplesOf(longest(layers)), examples);
    }

    /** Positions of an example at the layer where it has most. */
    int longest(List<LayerSpec> layers) {
        return layers.stream().mapToInt(this::positions).max().orElse(1);
    }

    /**
     * Returns N, training examples.
     *
     * @return N, training examples
     */
    public long examples() {
        return examples;
    }

    /**
     * Returns Q, queries.
     *
     * @return Q, queries
     */
    public int queries() {
        return queries;
    }

    /**
     * Returns t, mean positions of an example, padding included, at layers that do not run once an example.
     *
     * @return t, mean positions of an example, padding included, at layers that do not run once an example
     */
    public int positions() {
        return positions;
    }

    /**
     * Returns t of layers that differ, by name.
     *
     * @return t of layers that differ, by name
     */
    public Map<String, Integer> positionsOfLayers() {
        return positionsOfLayers;
    }

    /**
     * Returns what the model holds for each position of a batch.
     *
     * @return what the model holds for each position of a batch, as {@link io.github.influence4j.api.GradientProvider#bytesPerPosition} says; 0 if it does not
     */
    public long modelBytesPerPosition() {
        return modelBytesPerPosition;
    }

    /**
     * Returns what a pass of the model costs for each position of a batch.
     *
     * @return flops; 0 if it is not known
     */
    public double modelFlopsPerPosition() {
        return modelFlopsPerPosition;
    }

    @Override
    public String toString() {
        return "DataShape[examples=" + examples + ", queries=" + queries + ", positions=" + positions
                + ", positionsOfLayers=" + positionsOfLayers + ", modelBytesPerPosition=" + modelBytesPerPosition
                + ", modelFlopsPerPosition=" + modelFlopsPerPosition + "]";
    }
}
