package io.github.influence4j.models;

/** The rule by which a training step turns a gradient into a change of the weights. */
public sealed interface Optimizer {

    /**
     * Stochastic gradient descent with momentum: u ← momentum · u + g + decay · w, w ← w − rate · u.
     *
     * @param momentum from 0 (none) to below 1
     */
    record Sgd(double momentum) implements Optimizer {
        /**
         * Checks the momentum.
         *
         * @throws IllegalArgumentException if it is not in [0, 1)
         */
        public Sgd {
            requireBelowOne("momentum", momentum);
        }
    }

    /**
     * Adam with decoupled weight decay (Kingma and Ba 2015, algorithm 1; Loshchilov and Hutter 2019, algorithm 2): w ← w −
     * rate · (m̂ / (√v̂ + epsilon) + decay · w).
     *
     * @param beta1 memory of the mean of the gradients, from 0 to below 1
     * @param beta2 memory of the mean of their squares, from 0 to below 1
     * @param epsilon keeps the step finite, positive
     */
    record Adam(double beta1, double beta2, double epsilon) implements Optimizer {
        /**
         * Checks the numbers.
         *
         * @throws IllegalArgumentException if one is out of its range
         */
        public Adam {
            requireBelowOne("beta1", beta1);
            requireBelowOne("beta2", beta2);
            if (!(epsilon > 0)) {
                throw new IllegalArgumentException("epsilon must be positive, found " + epsilon);
            }
        }
    }

    private static void requireBelowOne(String name, double value) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException(name + " must be at least 0 and below 1, found " + value);
        }
    }
}
