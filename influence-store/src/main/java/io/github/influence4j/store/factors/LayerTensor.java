package io.github.influence4j.store.factors;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.TensorSpec;
import java.nio.file.Path;

/**
 * A tensor of one layer, of one file or of several together.
 *
 * @param path the file, or the first of them
 * @param layer the layer
 * @param spec type and shape, of all files together
 * @param numbers the numbers, which are read when they are asked for; a vector is a row
 */
record LayerTensor(Path path, String layer, TensorSpec spec, Matrix numbers) {

    /** Refuses what is not of a shape, before memory is taken for it. */
    LayerTensor requireShape(long... shape) {
        TensorSpec expected = TensorSpec.of(spec.name(), spec.type(), shape);
        if (!spec.equals(expected)) {
            throw malformed("must be " + expected.describe() + ", found " + spec.describe());
        }
        return this;
    }

    double[] row() {
        double[] values = new double[numbers.columns()];
        numbers.read(0, 1, values, 0);
        return values;
    }

    MalformedFileException malformed(String problem) {
        return new MalformedFileException(path, "layer " + layer + " " + problem);
    }
}
