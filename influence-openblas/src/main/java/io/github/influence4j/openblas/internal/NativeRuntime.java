package io.github.influence4j.openblas.internal;

/** What a backend needs to know of the native libraries that it runs on, once they are loaded. */
public interface NativeRuntime {

    /**
     * Returns the libraries' versions, kernels and threads in words.
     *
     * @return one line
     */
    String description();

    /**
     * Tells whether the matrices lie in host memory, so that cores may share work on them.
     *
     * @return false on a card
     */
    boolean onHost();

    /**
     * Returns how much memory matrices may still take.
     *
     * @return bytes, an estimate
     */
    long availableMemory();
}
