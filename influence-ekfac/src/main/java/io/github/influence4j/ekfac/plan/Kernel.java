package io.github.influence4j.ekfac.plan;

/**
 * Which share of the rate of large products each kind of work reaches: share · d/(d + half), where d is the smallest
 * dimension of its products, or the order of a decomposition.
 *
 * <p>Calibrated on OpenBLAS 0.3.31 with 2 threads on an x86-64 server with AVX-512, by the benchmark {@code PlanCheck}, whose
 * table is in the documentation (results/planner.md). A plan's times are meant to be right within a factor of two, no closer.
 */
enum Kernel {
    /** One product of large matrices. */
    PRODUCT(0.9, 24),
    /** Symmetric rank updates, counted as k·n² flops, half of a product's. */
    RANK_UPDATE(0.7, 48),
    /** The same in float64, whatever the working precision. */
    PRODUCT_FLOAT64(0.45, 24),
    /** A product for each example, divided among the cores. */
    PRODUCT_PER_EXAMPLE(0.9, 32),
    /** Symmetric eigendecomposition in float64, counted as 9n³ flops. */
    EIGEN(0.36, 700),
    /** Singular value decomposition in float64, counted as 14·m·n·min(m, n) flops. */
    SVD(0.095, 200),
    /** The host's own forward and backward pass. */
    MODEL(0.7, 24);

    private final double share;
    private final double half;

    Kernel(double share, double half) {
        this.share = share;
        this.half = half;
    }

    double efficiency(double smallestDimension) {
        return share * smallestDimension / (smallestDimension + half);
    }

    boolean float64() {
        return this == EIGEN || this == SVD || this == PRODUCT_FLOAT64;
    }
}
