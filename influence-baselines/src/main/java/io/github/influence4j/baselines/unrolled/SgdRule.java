package io.github.influence4j.baselines.unrolled;

import java.util.Optional;

/** Gradient descent with momentum. */
final class SgdRule extends UpdateRule {

    private final double momentum;

    SgdRule(double momentum, double decay) {
        super(decay);
        this.momentum = belowOne("momentum", momentum);
    }

    @Override
    int memories() {
        return 1;
    }

    @Override
    double reach() {
        return 1 / (1 - momentum);
    }

    @Override
    Optional<double[]> preconditioner(RunState after) {
        return Optional.empty();
    }

    @Override
    void step(RunState state, double[] gradient, double rate) {
        double[] velocity = state.memories[0];
        for (int k = 0; k < gradient.length; k++) {
            velocity[k] = momentum * velocity[k] + gradient[k] + decay() * state.weights[k];
            state.weights[k] -= rate * velocity[k];
        }
        state.steps++;
    }

    @Override
    double[] back(RunState before, double[] gradient, double rate, RunState adjoint) {
        double[] result = new double[gradient.length];
        for (int k = 0; k < gradient.length; k++) {
            double velocity = adjoint.memories[0][k] - rate * adjoint.weights[k];
            result[k] = velocity;
            adjoint.memories[0][k] = momentum * velocity;
            adjoint.weights[k] += decay() * velocity;
        }
        return result;
    }

    @Override
    public String toString() {
        return "SGD(momentum " + momentum + ", weight decay " + decay() + ")";
    }
}
