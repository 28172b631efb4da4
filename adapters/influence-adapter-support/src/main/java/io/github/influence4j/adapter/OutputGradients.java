package io.github.influence4j.adapter;

import io.github.influence4j.api.Loss;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;

/**
 * The gradient of an objective at a model's outputs, in float64, for any host that can hand over its outputs.
 *
 * @param loss softmax cross-entropy of the logits, or ½‖ŷ − y‖²
 * @param scale factor on the loss: 1, or 2 / o where the host's squared error is a mean of o squares
 */
public record OutputGradients(Loss loss, double scale) {

    /**
     * Checks the scale.
     *
     * @throws IllegalArgumentException if the scale is not positive, or not 1 for cross-entropy, whose labels would not be
     *     drawn from the model's own probabilities
     */
    public OutputGradients {
        if (!(scale > 0) || scale == Double.POSITIVE_INFINITY) {
            throw new IllegalArgumentException("the scale of a loss is positive, found " + scale);
        }
        if (loss == Loss.SOFTMAX_CROSS_ENTROPY && scale != 1) {
            throw new IllegalArgumentException("cross-entropy has the scale 1, found " + scale);
        }
    }

    /**
     * Computes the gradient at the outputs of one position.
     *
     * @param outputs o logits or values
     * @param target the class as one number, or o values; not looked at where the objective needs no label
     * @param objective what to take the gradient of; a measurement is the training loss
     * @param id the example's id
     * @param position the position in the example
     * @param result takes o numbers
     * @throws IllegalArgumentException if the target does not fit
     * @throws NumericalException if an output is NaN or infinite
     * @throws UnsupportedOperationException if the objective is not one of {@link Loss#outputGradient}
     */
    public void compute(
            double[] outputs, double[] target, Objective objective, long id, int position, double[] result) {
        for (int c = 0; c < outputs.length; c++) {
            if (!Double.isFinite(outputs[c])) {
                throw new NumericalException(
                        "example " + id + ", position " + position + ": output " + c + " is " + outputs[c]);
            }
        }
        loss.outputGradient(objective, outputs, target, id, position, result);
        boolean second =
                objective instanceof Objective.SampledLabels || objective instanceof Objective.OutputHessianRoot;
        double factor = second ? Math.sqrt(scale) : scale;
        for (int c = 0; c < result.length; c++) {
            result[c] *= factor;
        }
    }
}
