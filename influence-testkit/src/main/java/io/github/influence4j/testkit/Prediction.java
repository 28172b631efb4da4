package io.github.influence4j.testkit;

/** What a model says about the labels of one example, from which sampled labels are to be drawn. */
public sealed interface Prediction {

    /**
     * A distribution over classes at each position: the loss is −log p of the label.
     *
     * @param probabilities [t, classes]; a row of length 0 where the loss has no label
     */
    @SuppressWarnings("ArrayRecordComponent") // looked at once, never compared
    record Classes(double[][] probabilities) implements Prediction {}

    /**
     * Outputs with normal errors: the loss is {@code scale} × ½‖ŷ − y‖², whose sampled gradient is a normal vector of
     * variance {@code scale}.
     *
     * @param scale factor of ½‖ŷ − y‖²: 1, or 2 where the host's loss has no ½, or 2 / outputs where it is a mean
     */
    record Normal(double scale) implements Prediction {}
}
