package io.github.influence4j.baselines.unrolled;

import java.util.Optional;

/**
 * How a step of training turns the gradient of a batch into a change of the weights, and how a derivative goes back through it.
 *
 * <p>With g the mean gradient of the batch, w the weights and η the step's learning rate. Immutable.
 */
public abstract sealed class UpdateRule permits SgdRule, AdamRule {

    private final double decay;

    UpdateRule(double decay) {
        if (!(decay >= 0 && decay < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("weight decay must be finite and at least 0, found " + decay);
        }
        this.decay = decay;
    }

    /**
     * Gradient descent with momentum: u ← momentum · u + g + decay · w, w ← w − η · u.
     *
     * @param momentum from 0 (none) to below 1
     * @param decay coefficient of ½‖w‖² in the objective, at least 0
     * @return the rule
     * @throws IllegalArgumentException if a number is out of its range
     */
    public static UpdateRule sgd(double momentum, double decay) {
        return new SgdRule(momentum, decay);
    }

    /**
     * Adam with decoupled weight decay (Kingma and Ba 2015, algorithm 1; Loshchilov and Hutter 2019, algorithm 2): w ← w −
     * η · (m̂ / (√v̂ + epsilon) + decay · w).
     *
     * <p>A weight whose gradient has been 0 at all steps so far does not move, and is taken to go on so when an example gets
     * more weight.
     *
     * @param beta1 memory of the mean of the gradients, from 0 to below 1
     * @param beta2 memory of the mean of their squares, from 0 to below 1
     * @param epsilon keeps the step finite, positive
     * @param decay at least 0
     * @return the rule
     * @throws IllegalArgumentException if a number is out of its range
     */
    public static UpdateRule adam(double beta1, double beta2, double epsilon, double decay) {
        return new AdamRule(beta1, beta2, epsilon, decay);
    }

    final double decay() {
        return decay;
    }

    static double belowOne(String name, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException(name + " must be at least 0 and below 1, found " + value);
        }
        return value;
    }

    /** How many vectors the rule remembers beside the weights. */
    abstract int memories();

    /** How many learning rates a gradient moves the weights by, over all steps that remember it. */
    abstract double reach();

    /** What the step that ended in this state multiplied its gradient with, beside the learning rate; empty where that is 1. */
    abstract Optional<double[]> preconditioner(RunState after);

    /** Makes a step in place. */
    abstract void step(RunState state, double[] gradient, double rate);

    /**
     * Takes the derivative in a state back through a step, in place, but for what goes through the gradient.
     *
     * @param before the state that the step began with
     * @param gradient of the step
     * @param rate of the step
     * @param adjoint in: of the state after the step; out: of the state before it
     * @return the derivative in the gradient
     */
    abstract double[] back(RunState before, double[] gradient, double rate, RunState adjoint);
}
