package io.github.influence4j.openblas.internal;

import io.github.influence4j.linalg.MemoryUse;

/** The memory that an owner and its views share. */
final class Storage {

    private final Kernels kernels;
    private final Block block;
    private final MemoryUse use;

    Storage(Kernels kernels, Block block, long bytes) {
        this.kernels = kernels;
        this.block = block;
        this.use = new MemoryUse(() -> {
            kernels.memory().giveBack(block);
            MatrixMemory.remove(bytes);
        });
        MatrixMemory.add(bytes);
    }

    Kernels kernels() {
        return kernels;
    }

    /** The memory; its numbers only while a call has entered {@link #use}. */
    Block block() {
        return block;
    }

    MemoryUse use() {
        return use;
    }
}
