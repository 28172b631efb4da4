package io.github.influence4j.openblas.internal;

import io.github.influence4j.linalg.MatrixBackend;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The memory that an owner and its views share. Calls enter it before they use the memory and leave it afterwards, and memory
 * that was closed meanwhile goes back when the last one has left: {@link MatrixBackend} promises that closing takes effect after the
 * operations that were asked for.
 */
final class Storage {

    /** Added to the calls when the memory was closed. */
    private static final int CLOSED = Integer.MIN_VALUE;

    private final Kernels kernels;
    private final Block block;
    private final long bytes;

    /** Calls that use the memory, less 2³¹ once it was closed. */
    private final AtomicInteger calls = new AtomicInteger();

    Storage(Kernels kernels, Block block, long bytes) {
        this.kernels = kernels;
        this.block = block;
        this.bytes = bytes;
        MatrixMemory.add(bytes);
    }

    Kernels kernels() {
        return kernels;
    }

    /** The memory; only between {@link #enter} and {@link #leave}. */
    Block block() {
        return block;
    }

    /** Keeps the memory until {@link #leave}. */
    void enter() {
        int now;
        do {
            now = calls.get();
            if (now < 0) {
                throw new IllegalStateException("the matrix was closed");
            }
        } while (!calls.compareAndSet(now, now + 1));
    }

    void leave() {
        if (calls.decrementAndGet() == CLOSED) {
            giveBack();
        }
    }

    void close() {
        int before = calls.getAndUpdate(now -> now | CLOSED);
        if (before == 0) {
            giveBack();
        }
    }

    private void giveBack() {
        kernels.memory().giveBack(block);
        MatrixMemory.remove(bytes);
    }
}
