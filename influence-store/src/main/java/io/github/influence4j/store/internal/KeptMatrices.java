package io.github.influence4j.store.internal;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Matrices by name as tensors of a file, in their own precision. */
public final class KeptMatrices {

    private KeptMatrices() {}

    /**
     * Describes the tensors.
     *
     * @param matrices the matrices
     * @return one tensor for each, in their order
     */
    public static List<TensorSpec> specs(Map<String, Matrix> matrices) {
        return matrices.entrySet().stream()
                .map(matrix -> TensorSpec.of(
                        matrix.getKey(),
                        matrix.getValue().precision() == Precision.FLOAT64 ? TensorType.F64 : TensorType.F32,
                        matrix.getValue().rows(),
                        matrix.getValue().columns()))
                .toList();
    }

    /**
     * Writes the numbers.
     *
     * @param file a file with the tensors of {@link #specs}
     * @param matrices the matrices
     * @throws IOException if they cannot be written
     */
    public static void write(SafetensorsWriter file, Map<String, Matrix> matrices) throws IOException {
        for (Map.Entry<String, Matrix> matrix : matrices.entrySet()) {
            file.append(matrix.getKey(), matrix.getValue());
        }
    }
}
