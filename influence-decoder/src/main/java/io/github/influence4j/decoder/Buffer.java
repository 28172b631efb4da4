package io.github.influence4j.decoder;

import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import org.jspecify.annotations.Nullable;

/** Memory of a backend that grows with the largest matrix that was asked of it. */
final class Buffer implements AutoCloseable {

    private final MatrixBackend backend;
    private @Nullable BackendMatrix memory;
    private @Nullable BackendMatrix view;

    Buffer(MatrixBackend backend) {
        this.backend = backend;
    }

    /** The memory as a packed matrix of a shape, with whatever numbers there are; earlier views are void. */
    BackendMatrix as(int rows, int columns) {
        BackendMatrix last = view;
        if (last != null && last.rows() == rows && last.columns() == columns) {
            return last;
        }
        int needed = Math.multiplyExact(rows, columns);
        BackendMatrix whole = memory;
        if (whole == null || whole.columns() < needed) {
            close();
            whole = backend.zeros(1, needed);
            memory = whole;
        }
        BackendMatrix next = whole.view(0, 1, 0, needed).reshape(rows, columns);
        view = next;
        return next;
    }

    /** Numbers that it holds now. */
    int size() {
        return memory == null ? 0 : memory.columns();
    }

    @Override
    public void close() {
        if (memory != null) {
            memory.close();
        }
        memory = null;
        view = null;
    }
}
