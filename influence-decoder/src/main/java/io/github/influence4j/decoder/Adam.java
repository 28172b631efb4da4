package io.github.influence4j.decoder;

/**
 * The numbers of Adam with decoupled weight decay (Kingma and Ba 2015, algorithm 1; Loshchilov and Hutter 2019, algorithm 2): w
 * ← w − rate · (m̂ / (√v̂ + epsilon) + decay · w).
 *
 * @param beta1 memory of the mean of the gradients, from 0 to below 1
 * @param beta2 memory of the mean of their squares, from 0 to below 1
 * @param epsilon keeps the step finite, positive
 */
public record Adam(double beta1, double beta2, double epsilon) {

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is out of its range
     */
    public Adam {
        if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && epsilon > 0)) {
            throw new IllegalArgumentException(
                    "Adam needs memories from 0 to below 1 and a positive epsilon, found beta1 " + beta1 + ", beta2 "
                            + beta2 + ", epsilon " + epsilon);
        }
    }
}
