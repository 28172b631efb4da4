package io.github.influence4j.benchmarks;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * What fresh memory costs: a page is given by the system when it is first written to. On a virtual machine whose host takes unused memory
 * back, this takes longer than any use of the memory does.
 */
final class FirstTouch {

    private static final long GIBIBYTES = 2;

    private FirstTouch() {}

    /** Seconds for a GiB of memory that nobody has written to yet, by one thread. */
    static double secondsPerGibibyte() {
        long bytes = GIBIBYTES << 30;
        try (BytePointer fresh = new BytePointer(bytes)) {
            long start = System.nanoTime();
            Pointer.memset(fresh, 1, bytes);
            return (System.nanoTime() - start) / 1e9 / GIBIBYTES;
        }
    }
}
