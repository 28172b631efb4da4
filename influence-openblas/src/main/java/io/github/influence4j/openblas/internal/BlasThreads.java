package io.github.influence4j.openblas.internal;

/** How many threads the BLAS library of a process uses for a call. */
interface BlasThreads {

    int get();

    void set(int threads);
}
