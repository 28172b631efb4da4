package io.github.influence4j.api;

/**
 * One training example and its score.
 *
 * @param trainId id of the training example
 * @param score positive where more weight on the example would lower the query's loss
 */
public record Influence(long trainId, double score) {

    /** Says id and score, such as {@code 17 (0.25)}. */
    @Override
    public String toString() {
        return trainId + " (" + score + ")";
    }
}
