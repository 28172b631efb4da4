package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Matrix;
import java.util.List;

/**
 * A named array of numbers for a file.
 *
 * @param name key in the file
 * @param shape dimensions
 * @param data the numbers, in rows of any length
 */
record Tensor(String name, List<Integer> shape, Matrix data) {

    static Tensor of(String name, Matrix matrix) {
        return new Tensor(name, List.of(matrix.rows(), matrix.columns()), matrix);
    }

    static Tensor vector(String name, float[] values) {
        return new Tensor(name, List.of(values.length), Matrix.of(values, 1, values.length));
    }

    static Tensor vector(String name, double[] values) {
        return new Tensor(name, List.of(values.length), Matrix.of(values, 1, values.length));
    }

    long bytes() {
        return 4L * data.rows() * data.columns();
    }
}
