package io.github.influence4j.baselines.unrolled;

import java.util.Arrays;

/**
 * Where a training run is: weights, what the update rule remembers, and the number of steps made. Or the derivative of a
 * measurement in these.
 */
final class RunState {

    final double[] weights;
    final double[][] memories;
    int steps;

    private RunState(double[] weights, double[][] memories, int steps) {
        this.weights = weights;
        this.memories = memories;
        this.steps = steps;
    }

    /** A state with these weights and nothing remembered. */
    static RunState of(double[] weights, int memories) {
        return new RunState(weights.clone(), new double[memories][weights.length], 0);
    }

    RunState copy() {
        return new RunState(
                weights.clone(), Arrays.stream(memories).map(double[]::clone).toArray(double[][]::new), steps);
    }
}
