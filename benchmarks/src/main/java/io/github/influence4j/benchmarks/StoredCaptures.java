package io.github.influence4j.benchmarks;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A model that costs nothing: random captures that lie in memory. Its examples are indices of stored sequences, so a data
 * set larger than the memory repeats them.
 */
final class StoredCaptures implements GradientProvider<Integer> {

    private final List<LayerSpec> layers;
    private final int positions;
    private final int sequences;
    /** By width: layers share what they have in common. */
    private final Map<Integer, float[]> values = new LinkedHashMap<>();

    StoredCaptures(List<LayerSpec> layers, int positions, int sequences) {
        this.layers = layers;
        this.positions = positions;
        this.sequences = sequences;
        Random random = new Random(17);
        for (LayerSpec layer : layers) {
            values.computeIfAbsent(layer.inputs(), width -> random(random, width));
            values.computeIfAbsent(layer.outputs(), width -> random(random, width));
        }
    }

    private float[] random(Random random, int width) {
        float[] numbers = new float[sequences * positions * width];
        for (int k = 0; k < numbers.length; k++) {
            numbers[k] = random.nextFloat() - 0.5f;
        }
        return numbers;
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
        int first = batch.examples().get(0);
        for (LayerSpec layer : wanted) {
            sink.accept(LayerCapture.of(
                    layer,
                    batch.size(),
                    positions,
                    rows(layer.inputs(), first, batch.size()),
                    rows(layer.outputs(), first, batch.size())));
        }
    }

    private Matrix rows(int width, int first, int count) {
        float[] numbers = values.getOrDefault(width, new float[0]);
        int length = positions * width;
        FloatBuffer part =
                FloatBuffer.wrap(numbers, first * length, count * length).slice();
        return Matrix.of(part, count * positions, width, width);
    }
}
