package io.github.influence4j.baselines.exact;

import io.github.influence4j.linalg.BackendMatrix;

/** A way to add a layer's part of BBᵀ to a Gram matrix. All ways give the same numbers up to rounding. */
interface LayerGram {

    /** Numbers of one tile of scratch memory, 32 MiB. */
    int TILE = 1 << 22;

    /**
     * Adds alpha · B_ℓ B_ℓᵀ to the upper triangle.
     *
     * @param gram [C·N, C·N]; row c·N + e belongs to column c of the root and example e
     */
    void add(double alpha, CapturedLayer layer, BackendMatrix gram);

    /** Estimates the flops for a layer with N examples, C columns and t positions. */
    double flops(double examples, double columns, double positions, int inputs, int outputs);
}
