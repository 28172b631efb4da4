package io.github.influence4j.examples.quickstart;

import java.util.List;

/**
 * The search for the flipped labels by three rankings of the training set.
 *
 * @param selfInfluence by EK-FAC's self-influence
 * @param loss by the training loss
 * @param gradientNorm by the length of the loss's gradient
 */
public record FlipSearch(RecallCurve selfInfluence, RecallCurve loss, RecallCurve gradientNorm) {

    /**
     * Returns the rankings.
     *
     * @return all three curves, self-influence first
     */
    public List<RecallCurve> curves() {
        return List.of(selfInfluence, loss, gradientNorm);
    }
}
