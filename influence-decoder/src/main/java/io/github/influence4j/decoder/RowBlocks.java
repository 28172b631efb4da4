package io.github.influence4j.decoder;

import io.github.influence4j.linalg.MatrixBackend;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Divides rows into blocks that fit into a core's cache and works on several at a time. What the blocks are does not depend
 * on the number of threads, so that sums by block are the same on every machine.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class RowBlocks<A> implements AutoCloseable {

    /** Numbers of a block: with two or three arrays of them a task stays in a second-level cache. */
    private static final int BLOCK = 1 << 14;

    /** Work on a block of rows. */
    interface Work<A> {
        void run(int block, int first, int count, Scratch<A> scratch);
    }

    /** One of several independent tasks. */
    interface Task<A> {
        void run(int index, Scratch<A> scratch);
    }

    private final MatrixBackend backend;
    private final RowKernels<A> kernels;
    private final ConcurrentLinkedQueue<Scratch<A>> idle = new ConcurrentLinkedQueue<>();

    RowBlocks(MatrixBackend backend, RowKernels<A> kernels) {
        this.backend = backend;
        this.kernels = kernels;
    }

    static int count(int rows, int columns) {
        return (rows - 1) / rowsOfBlock(columns) + 1;
    }

    private static int rowsOfBlock(int columns) {
        return Math.max(1, BLOCK / columns);
    }

    void forEach(int rows, int columns, Work<A> work) {
        int size = rowsOfBlock(columns);
        forTasks(count(rows, columns), (b, scratch) -> work.run(b, b * size, Math.min(size, rows - b * size), scratch));
    }

    /** Runs independent tasks, which may call the backend, on as many cores as it has for this thread. */
    void forTasks(int tasks, Task<A> task) {
        AtomicInteger next = new AtomicInteger();
        backend.inParallel(Math.min(tasks, backend.parallelism()), core -> {
            for (int index = next.getAndIncrement(); index < tasks; index = next.getAndIncrement()) {
                run(index, task);
            }
        });
    }

    private void run(int index, Task<A> task) {
        Scratch<A> found = idle.poll();
        Scratch<A> scratch = found == null ? new Scratch<>(backend, kernels) : found;
        task.run(index, scratch);
        idle.add(scratch);
    }

    @Override
    public void close() {
        idle.forEach(Scratch::close);
        idle.clear();
    }
}
