package io.github.influence4j.baselines.unrolled;

import java.util.Optional;

/** Adam with decoupled weight decay. */
final class AdamRule extends UpdateRule {

    private final double beta1;
    private final double beta2;
    private final double epsilon;

    AdamRule(double beta1, double beta2, double epsilon, double decay) {
        super(decay);
        this.beta1 = belowOne("beta1", beta1);
        this.beta2 = belowOne("beta2", beta2);
        if (!(epsilon > 0 && epsilon < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("epsilon must be positive and finite, found " + epsilon);
        }
        this.epsilon = epsilon;
    }

    @Override
    int memories() {
        return 2;
    }

    @Override
    double reach() {
        return 1;
    }

    /** 1/(√v̂ + ε); 0 where no gradient has come, as such weights do not move. */
    @Override
    Optional<double[]> preconditioner(RunState after) {
        double squareWeight = 1 - Math.pow(beta2, after.steps);
        double[] factors = new double[after.weights.length];
        for (int k = 0; k < factors.length; k++) {
            double square = after.memories[1][k];
            factors[k] = square > 0 ? 1 / (Math.sqrt(square / squareWeight) + epsilon) : 0;
        }
        return Optional.of(factors);
    }

    /** 1 − βᵗ of the step that begins with this state. */
    private static double correction(double beta, RunState before) {
        return 1 - Math.pow(beta, before.steps + 1);
    }

    @Override
    void step(RunState state, double[] gradient, double rate) {
        double meanWeight = correction(beta1, state);
        double squareWeight = correction(beta2, state);
        double[] mean = state.memories[0];
        double[] square = state.memories[1];
        for (int k = 0; k < gradient.length; k++) {
            double g = gradient[k];
            mean[k] = beta1 * mean[k] + (1 - beta1) * g;
            square[k] = beta2 * square[k] + (1 - beta2) * g * g;
            double direction = mean[k] / meanWeight / (Math.sqrt(square[k] / squareWeight) + epsilon);
            state.weights[k] -= rate * (direction + decay() * state.weights[k]);
        }
        state.steps++;
    }

    @Override
    double[] back(RunState before, double[] gradient, double rate, RunState adjoint) {
        double meanWeight = correction(beta1, before);
        double squareWeight = correction(beta2, before);
        double[] result = new double[gradient.length];
        for (int k = 0; k < gradient.length; k++) {
            double g = gradient[k];
            double mean = (beta1 * before.memories[0][k] + (1 - beta1) * g) / meanWeight;
            double root = Math.sqrt((beta2 * before.memories[1][k] + (1 - beta2) * g * g) / squareWeight);
            double below = root + epsilon;
            double direction = -rate * adjoint.weights[k];
            double ofMean = adjoint.memories[0][k] + direction / (meanWeight * below);
            // the root has no derivative at 0, where the gradient has always been 0
            double ofSquare = adjoint.memories[1][k]
                    - (root > 0 ? direction * mean / (below * below) / (2 * root * squareWeight) : 0);
            result[k] = (1 - beta1) * ofMean + 2 * (1 - beta2) * g * ofSquare;
            adjoint.memories[0][k] = beta1 * ofMean;
            adjoint.memories[1][k] = beta2 * ofSquare;
            adjoint.weights[k] *= 1 - rate * decay();
        }
        return result;
    }

    @Override
    public String toString() {
        return "Adam(beta1 " + beta1 + ", beta2 " + beta2 + ", epsilon " + epsilon + ", weight decay " + decay() + ")";
    }
}
