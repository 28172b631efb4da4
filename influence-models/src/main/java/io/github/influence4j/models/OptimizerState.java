package io.github.influence4j.models;

/** What an optimizer remembers about the weights of one layer. */
abstract class OptimizerState {

    /** Starts without memory. */
    static OptimizerState of(Optimizer optimizer, int parameters) {
        if (optimizer instanceof Optimizer.Adam adam) {
            return new OfAdam(adam, parameters);
        }
        return new OfSgd(((Optimizer.Sgd) optimizer).momentum(), parameters);
    }

    /** Changes the weights by one step. */
    abstract void step(double[] weights, double[] gradient, double rate, double decay);

    private static final class OfSgd extends OptimizerState {
        private final double momentum;
        private final double[] velocity;

        OfSgd(double momentum, int parameters) {
            this.momentum = momentum;
            this.velocity = new double[parameters];
        }

        @Override
        void step(double[] weights, double[] gradient, double rate, double decay) {
            for (int k = 0; k < weights.length; k++) {
                velocity[k] = momentum * velocity[k] + gradient[k] + decay * weights[k];
                weights[k] -= rate * velocity[k];
            }
        }
    }

    private static final class OfAdam extends OptimizerState {
        private final Optimizer.Adam adam;
        private final double[] mean;
        private final double[] square;
        private double meanWeight = 1;
        private double squareWeight = 1;

        OfAdam(Optimizer.Adam adam, int parameters) {
            this.adam = adam;
            this.mean = new double[parameters];
            this.square = new double[parameters];
        }

        @Override
        void step(double[] weights, double[] gradient, double rate, double decay) {
            meanWeight *= adam.beta1();
            squareWeight *= adam.beta2();
            for (int k = 0; k < weights.length; k++) {
                double g = gradient[k];
                mean[k] = adam.beta1() * mean[k] + (1 - adam.beta1()) * g;
                square[k] = adam.beta2() * square[k] + (1 - adam.beta2()) * g * g;
                double direction =
                        mean[k] / (1 - meanWeight) / (Math.sqrt(square[k] / (1 - squareWeight)) + adam.epsilon());
                weights[k] -= rate * (direction + decay * weights[k]);
            }
        }
    }
}
