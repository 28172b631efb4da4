package io.github.influence4j.benchmarks;

/** What is applied between two layers of a workload's model. */
enum Activation {
    /** max(0, z). */
    RELU(2),

    /** z², which every backend computes without leaving its memory. */
    SQUARE(1);

    private final double gain;

    Activation(double gain) {
        this.gain = gain;
    }

    /** Standard deviation of kernels that keeps the numbers of all layers of moderate size. */
    double kernelDeviation(int inputs) {
        return Math.sqrt(gain / inputs);
    }
}
