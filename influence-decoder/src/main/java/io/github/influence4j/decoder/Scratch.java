package io.github.influence4j.decoder;

import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.List;

/**
 * Arrays, and memory of the backend, that one task at a time works with.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class Scratch<A> implements AutoCloseable {

    private final MatrixBackend backend;
    private final RowKernels<A> kernels;
    private final List<A> arrays = new ArrayList<>();
    private final List<Buffer> buffers = new ArrayList<>();

    Scratch(MatrixBackend backend, RowKernels<A> kernels) {
        this.backend = backend;
        this.kernels = kernels;
    }

    /** The array of a number, of at least a length, with whatever is in it. */
    A array(int number, int length) {
        while (arrays.size() <= number) {
            arrays.add(kernels.array(0));
        }
        if (kernels.length(arrays.get(number)) < length) {
            arrays.set(number, kernels.array(length));
        }
        return arrays.get(number);
    }

    /** The matrix of a number, with whatever is in it. */
    BackendMatrix matrix(int number, int rows, int columns) {
        while (buffers.size() <= number) {
            buffers.add(new Buffer(backend));
        }
        return buffers.get(number).as(rows, columns);
    }

    @Override
    public void close() {
        buffers.forEach(Buffer::close);
    }
}
