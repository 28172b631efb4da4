package io.github.influence4j.decoder;

/**
 * The numbers of one step of Adam.
 *
 * @param rate learning rate
 * @param beta1 memory of the mean of the gradients
 * @param beta2 memory of the mean of their squares
 * @param epsilon keeps the step finite
 * @param meanCorrection 1 − β₁ᵗ
 * @param squareCorrection 1 − β₂ᵗ
 */
record AdamStep(
        double rate, double beta1, double beta2, double epsilon, double meanCorrection, double squareCorrection) {}
