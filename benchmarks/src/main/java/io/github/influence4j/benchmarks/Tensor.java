package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

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

    private TensorSpec spec() {
        return new TensorSpec(
                name, TensorType.F32, shape.stream().map(Integer::longValue).toList());
    }

    /** Writes tensors to a file, rounding to float32; an old file is replaced. */
    static void write(Path file, List<Tensor> tensors) throws IOException {
        List<TensorSpec> specs = tensors.stream().map(Tensor::spec).toList();
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, Map.of())) {
            for (Tensor tensor : tensors) {
                writer.append(tensor.name(), tensor.data());
            }
            writer.commit();
        }
    }
}
