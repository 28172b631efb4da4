package io.github.influence4j.benchmarks;

import io.github.influence4j.api.ExampleSource;
import java.util.ArrayList;
import java.util.List;

/**
 * A data set in three arrays, example after example and position after position.
 *
 * @param count number of examples
 * @param positions t
 * @param width inputs at a position
 * @param targetWidth numbers of a target at a position
 * @param inputs [count·t·width]
 * @param targets [count·t·targetWidth]
 * @param sampled targets that were drawn from the model's predictions, [count·t·targetWidth]
 */
@SuppressWarnings("ArrayRecordComponent") // bulk data, never compared
record Examples(
        int count, int positions, int width, int targetWidth, float[] inputs, float[] targets, float[] sampled) {

    /** One of the examples; its id is its index. */
    record Example(Examples set, int index) {}

    ExampleSource<Example> source() {
        List<Example> examples = new ArrayList<>();
        for (int k = 0; k < count; k++) {
            examples.add(new Example(this, k));
        }
        return ExampleSource.of(examples);
    }
}
