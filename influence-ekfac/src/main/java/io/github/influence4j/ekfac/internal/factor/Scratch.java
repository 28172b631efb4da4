package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import org.jspecify.annotations.Nullable;

/**
 * Memory that is used again and again under changing shapes, so that hot loops allocate nothing once it has grown to the
 * largest. Its content is undefined whenever a matrix is taken. For one thread.
 */
public final class Scratch implements AutoCloseable {

    private final MatrixBackend backend;
    private final Precision precision;
    private @Nullable BackendMatrix memory;

    /**
     * Makes an empty scratch.
     *
     * @param backend where the memory lies
     * @param precision type of the elements
     */
    public Scratch(MatrixBackend backend, Precision precision) {
        this.backend = backend;
        this.precision = precision;
    }

    /**
     * Makes an empty scratch of the working precision.
     *
     * @param backend where the memory lies
     */
    public Scratch(MatrixBackend backend) {
        this(backend, backend.precision());
    }

    /**
     * Returns a packed matrix of undefined content; every matrix taken before becomes invalid.
     *
     * @param rows number of rows
     * @param columns number of columns
     * @return a view that is valid until the next call
     */
    public BackendMatrix take(int rows, int columns) {
        int elements = Math.multiplyExact(rows, columns);
        if (memory == null || memory.rows() < elements) {
            close();
            memory = backend.uninitialised(elements, 1, precision);
        }
        return memory.rows(0, elements).reshape(rows, columns);
    }

    @Override
    public void close() {
        if (memory != null) {
            memory.close();
            memory = null;
        }
    }
}
