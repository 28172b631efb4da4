package io.github.influence4j.benchmarks;

import java.util.Locale;

/** Where both sides compute. */
enum Device {
    /** On the processor. */
    CPU(2048),
    /** On the first NVIDIA card. */
    CUDA(8192);

    private final int sgemmOrder;

    Device(int sgemmOrder) {
        this.sgemmOrder = sgemmOrder;
    }

    /** Order from which the rate of plain products hardly grows. */
    int sgemmOrder() {
        return sgemmOrder;
    }

    /** PyTorch's name. */
    String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
