package io.github.influence4j.decoder;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The memory of the passes over one batch, which grows with the largest batch and is used again for every other. */
final class BufferSet implements AutoCloseable {

    private final MatrixBackend backend;
    private final List<Buffer> owned = new ArrayList<>();

    BufferSet(MatrixBackend backend) {
        this.backend = backend;
    }

    Buffer[] make(int count) {
        Buffer[] made = new Buffer[count];
        for (int k = 0; k < count; k++) {
            made[k] = new Buffer(backend);
            owned.add(made[k]);
        }
        return made;
    }

    /** Numbers that all of them hold now. */
    long size() {
        return owned.stream().mapToLong(Buffer::size).sum();
    }

    /** Sets every number of a matrix. */
    void fill(BackendMatrix matrix, double value) {
        double[] numbers = new double[Math.multiplyExact(matrix.rows(), matrix.columns())];
        Arrays.fill(numbers, value);
        backend.upload(Matrix.of(numbers, matrix.rows(), matrix.columns()), matrix);
    }

    @Override
    public void close() {
        owned.forEach(Buffer::close);
    }
}
