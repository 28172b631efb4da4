package io.github.influence4j.examples.index;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The weights of a decoder by the names of its family, in float32. */
record ModelFile(Path path, DecoderShape shape) {

    void write(Decoder model) throws IOException {
        List<TensorSpec> specs = new ArrayList<>();
        model.publish((name, vector, numbers) -> specs.add(
                vector
                        ? TensorSpec.of(name, TensorType.F32, numbers.columns())
                        : TensorSpec.of(name, TensorType.F32, numbers.rows(), numbers.columns())));
        try (SafetensorsWriter writer = SafetensorsWriter.create(path, specs, Map.of())) {
            model.publish((name, vector, numbers) -> {
                try {
                    writer.append(name, numbers);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            writer.commit();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Makes the model, with all matrices of its blocks tracked. */
    Decoder read(MatrixBackend backend) throws IOException {
        List<String> matrices =
                Decoder.linearMaps(shape).stream().map(LayerSpec::name).toList();
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            return Decoder.open(backend, shape, matrices, (name, rows, columns) -> matrix(file, name, rows, columns));
        }
    }

    private static Matrix matrix(SafetensorsFile file, String name, int rows, int columns) {
        float[] numbers = new float[rows * columns];
        file.read(name, 0, numbers.length, numbers, 0);
        double[][] matrix = new double[rows][columns];
        for (int k = 0; k < numbers.length; k++) {
            matrix[k / columns][k % columns] = numbers[k];
        }
        return Matrix.of(matrix);
    }
}
