package io.github.influence4j.benchmarks;

import java.lang.management.ManagementFactory;

/** The Java heap of this process. */
final class JavaHeap {

    private JavaHeap() {}

    /** Bytes of what is reachable: in use after a collection. */
    static long inUse() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
