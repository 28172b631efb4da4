package io.github.influence4j.baselines.exact;

/** Solves with one damped block of G. */
interface BlockSolver extends AutoCloseable {

    /**
     * Replaces the block's part of each vector by the solution.
     *
     * @param vectors q flat vectors of all parameters
     * @param offset index of the block's first parameter
     */
    void solve(double[][] vectors, int offset);

    @Override
    void close();
}
