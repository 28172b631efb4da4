package io.github.influence4j.api;

/**
 * Trains the host's model afresh on some of its examples: what the truth by retraining needs.
 *
 * @param <E> the host's type of an example
 * @param <M> the host's type of a model
 */
@FunctionalInterface
public interface Trainer<E, M extends GradientProvider<E>> {

    /**
     * Trains a model. The same subset and seed give the same model.
     *
     * @param subset the examples to learn from, with the ids that they have in the whole training set
     * @param seed determines the initial weights and the order of the examples
     * @return the trained model, which the caller closes where it is to be closed
     * @throws IllegalArgumentException if the subset is empty
     * @throws NumericalException if training diverges
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    M train(ExampleSource<E> subset, long seed);
}
