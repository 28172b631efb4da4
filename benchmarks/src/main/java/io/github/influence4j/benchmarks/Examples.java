package io.github.influence4j.benchmarks;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

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

    /** Uploads one of the arrays for a batch, as many neighbouring examples at a time as there are. */
    @SuppressWarnings("ReferenceEquality") // the same arrays, not equal ones
    static void upload(
            MatrixBackend backend,
            ExampleBatch<Example> batch,
            Function<Examples, float[]> array,
            BackendMatrix target) {
        int size = batch.size();
        int positions = target.rows() / size;
        int width = target.columns();
        int first = 0;
        while (first < size) {
            Example start = batch.examples().get(first);
            int count = 1;
            while (first + count < size
                    && batch.examples().get(first + count).set() == start.set()
                    && batch.examples().get(first + count).index() == start.index() + count) {
                count++;
            }
            int rows = count * positions;
            FloatBuffer values = FloatBuffer.wrap(
                            array.apply(start.set()), start.index() * positions * width, rows * width)
                    .slice();
            backend.upload(Matrix.of(values, rows, width, width), target.rows(first * positions, rows));
            first += count;
        }
    }
}
