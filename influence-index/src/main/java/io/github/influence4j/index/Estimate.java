package io.github.influence4j.index;

import io.github.influence4j.api.Influence;
import java.util.OptionalDouble;

/**
 * The score of a training example as an index estimates it.
 *
 * @param trainId id of the training example
 * @param score positive where more weight on the example would lower the query's loss
 * @param standardError of the score over the seeds of the index; scores that were picked because they are high are too high by more.
 *     Empty where the score comes from coordinates, whose errors follow no formula
 */
public record Estimate(long trainId, double score, OptionalDouble standardError) {

    Influence influence() {
        return new Influence(trainId, score);
    }

    /** Says id, score and error, such as {@code 17 (0.25 ± 0.01)}. */
    @Override
    public String toString() {
        return trainId + " (" + score + (standardError.isPresent() ? " ± " + standardError.getAsDouble() : "") + ")";
    }
}
