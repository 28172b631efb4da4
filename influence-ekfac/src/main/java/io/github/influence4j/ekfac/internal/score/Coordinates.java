package io.github.influence4j.ekfac.internal.score;

/** In which coordinates whole queries meet training captures. Both give the same numbers. */
public enum Coordinates {
    /** Whichever needs fewer flops: the eigenbasis for few training examples. */
    CHEAPEST,
    /** Queries stay in the eigenbasis, training captures are rotated into it: 2t(i² + o²) flops an example. */
    EIGENBASIS,
    /** Queries are rotated back: 2i·o(i + o) flops a query. */
    PARAMETERS
}
