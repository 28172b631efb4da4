package io.github.influence4j.openblas.internal;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts the bytes of all open matrices of this JVM's OpenBLAS and ND4J backends, and of LAPACK's workspace while it computes: what the
 * memory of a plan is held against. What a backend keeps of closed matrices is not counted. Safe for use by several threads.
 */
public final class MatrixMemory {

    private static final AtomicLong IN_USE = new AtomicLong();
    private static final AtomicLong PEAK = new AtomicLong();

    private MatrixMemory() {}

    static void add(long bytes) {
        long now = IN_USE.addAndGet(bytes);
        PEAK.accumulateAndGet(now, Math::max);
    }

    static void remove(long bytes) {
        IN_USE.addAndGet(-bytes);
    }

    /**
     * Returns what is open now.
     *
     * @return bytes; matrices that nobody closed count until the end
     */
    public static long inUse() {
        return IN_USE.get();
    }

    /**
     * Returns the most that was open at a time since the last call, and starts anew.
     *
     * @return bytes
     */
    public static long takePeak() {
        return PEAK.getAndSet(IN_USE.get());
    }
}
