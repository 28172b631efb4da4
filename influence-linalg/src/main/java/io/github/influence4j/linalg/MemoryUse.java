package io.github.influence4j.linalg;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts the calls that use a matrix's memory, so that closing takes effect after them, in whichever thread they run; for
 * implementers of {@link BackendMatrix}. Entering and leaving are two atomic additions; nobody waits.
 */
public final class MemoryUse {

    /** Added to the calls when the memory was closed. */
    private static final int CLOSED = Integer.MIN_VALUE;

    private final Runnable giveBack;

    /** Calls that use the memory, less 2³¹ once it was closed. */
    private final AtomicInteger calls = new AtomicInteger();

    /**
     * Counts the use of memory that is open.
     *
     * @param giveBack frees the memory; run once, by the thread that closes it or by the last call that leaves it afterwards
     */
    public MemoryUse(Runnable giveBack) {
        this.giveBack = giveBack;
    }

    /**
     * Keeps the memory until {@link #leave}, whoever closes it.
     *
     * @throws IllegalStateException if it was closed
     */
    public void enter() {
        int now;
        do {
            now = calls.get();
            if (now < 0) {
                throw new IllegalStateException("the matrix was closed");
            }
        } while (!calls.compareAndSet(now, now + 1));
    }

    /** Ends what {@link #enter} began. */
    public void leave() {
        if (calls.decrementAndGet() == CLOSED) {
            giveBack.run();
        }
    }

    /** Refuses calls from now on, and gives the memory back as soon as no call uses it; a second time does nothing. */
    public void close() {
        if (calls.getAndUpdate(now -> now | CLOSED) == 0) {
            giveBack.run();
        }
    }

    /**
     * Tells whether the memory has not been given back.
     *
     * @return true while it is open, and afterwards as long as calls use it
     */
    public boolean usable() {
        return calls.get() != CLOSED;
    }
}
