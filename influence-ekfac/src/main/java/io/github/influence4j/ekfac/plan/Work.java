package io.github.influence4j.ekfac.plan;

import io.github.influence4j.api.Precision;

/** Adds up the work of a stage, and the time it takes at the machine's rates. */
final class Work {

    /** Elementwise operations that uploading a number takes as long as: read, checked, written through the heap. */
    private static final double PASSES_OF_AN_UPLOAD = 4;

    private final MachineRate rate;
    private final Precision precision;
    private double flops;
    private double modelFlops;
    private double seconds;

    Work(MachineRate rate, Precision precision) {
        this.rate = rate;
        this.precision = precision;
    }

    void add(Kernel kernel, double count, double smallestDimension) {
        add(kernel, count, smallestDimension, 1);
    }

    /** Work that takes so many times as long as the kernel does for its flops. */
    void add(Kernel kernel, double count, double smallestDimension, double slower) {
        // what runs in float64 always does so at half the rate of float32
        double relative = kernel.float64() && precision == Precision.FLOAT64 ? 2 : 1;
        seconds += slower * count / (1e9 * rate.productGflops() * relative * kernel.efficiency(smallestDimension));
        if (kernel == Kernel.MODEL) {
            modelFlops += count;
        } else {
            flops += count;
        }
    }

    /** Work that is bound by memory: one elementwise operation on so many numbers. */
    void elements(double count) {
        seconds += count / (1e9 * rate.gigaElements());
    }

    /** Numbers of captures that are checked and uploaded. */
    void uploads(double count) {
        elements(PASSES_OF_AN_UPLOAD * count);
    }

    StagePlan stage(String name, MemoryUse memory, double diskBytes) {
        return new StagePlan(name, flops, modelFlops, memory, diskBytes, seconds);
    }
}
