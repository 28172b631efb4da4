package io.github.influence4j.benchmarks;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A model that costs nothing: random captures that lie in memory. Its examples are indices of stored sequences, so a data
 * set larger than the memory repeats them.
 */
final class StoredCaptures implements GradientProvider<Integer>, AutoCloseable {

    private final List<LayerSpec> layers;
    private final int positions;
    private final int sequences;
    /** By width: layers share what they have in common. */
    private final Map<Integer, Rows> values = new LinkedHashMap<>();

    private final List<BackendMatrix> owned = new ArrayList<>();

    /** All rows of a width. */
    private interface Rows {
        Matrix part(int first, int count);
    }

    private StoredCaptures(List<LayerSpec> layers, int positions, int sequences, Optional<MatrixBackend> backend) {
        this.layers = layers;
        this.positions = positions;
        this.sequences = sequences;
        for (LayerSpec layer : layers) {
            for (int width : new int[] {layer.inputs(), layer.outputs()}) {
                values.computeIfAbsent(width, key -> store(width, backend));
            }
        }
    }

    /** Captures in arrays. */
    StoredCaptures(List<LayerSpec> layers, int positions, int sequences) {
        this(layers, positions, sequences, Optional.empty());
    }

    /** Captures in a backend's memory. */
    static StoredCaptures resident(MatrixBackend backend, List<LayerSpec> layers, int positions, int sequences) {
        return new StoredCaptures(layers, positions, sequences, Optional.of(backend));
    }

    private Rows store(int width, Optional<MatrixBackend> backend) {
        int rows = sequences * positions;
        float[] numbers = RandomNumbers.uniform(Math.multiplyExact(rows, width), width);
        if (backend.isEmpty()) {
            return (first, count) -> Matrix.of(
                    FloatBuffer.wrap(numbers, first * width, count * width).slice(), count, width, width);
        }
        BackendMatrix matrix = backend.get()
                .copyOf(Matrix.of(numbers, rows, width), backend.get().precision());
        owned.add(matrix);
        return matrix::rows;
    }

    /** A data set of any size; batches must divide the number of stored sequences. */
    ExampleSource<Integer> source(int size) {
        List<Integer> examples = new ArrayList<>();
        for (int k = 0; k < size; k++) {
            examples.add(k % sequences);
        }
        return ExampleSource.of(examples);
    }

    @Override
    public List<LayerSpec> layers() {
        return layers;
    }

    @Override
    public void capture(ExampleBatch<Integer> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        if (objective instanceof Objective.OutputHessianRoot) {
            throw new UnsupportedOperationException("no gradient of " + objective);
        }
        int first = batch.examples().get(0) * positions;
        int count = batch.size() * positions;
        for (LayerSpec layer : wanted) {
            sink.accept(LayerCapture.of(
                    layer,
                    batch.size(),
                    positions,
                    rows(layer.inputs()).part(first, count),
                    rows(layer.outputs()).part(first, count)));
        }
    }

    private Rows rows(int width) {
        return Objects.requireNonNull(values.get(width));
    }

    @Override
    public void close() {
        owned.forEach(BackendMatrix::close);
    }
}
