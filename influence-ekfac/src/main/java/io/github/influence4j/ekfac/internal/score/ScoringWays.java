package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.ekfac.internal.eigen.Rotation;

/**
 * Which of several ways to the same numbers scoring takes. Users get the cheapest; tests and measurements force others.
 *
 * @param path how scores of whole queries are computed
 * @param rotation how self-influence forms the squares of rotated gradients
 * @param coordinates in which coordinates whole queries and training captures meet
 */
public record ScoringWays(Path path, Rotation rotation, Coordinates coordinates) {

    /** Whatever is cheapest. */
    public static final ScoringWays CHEAPEST = new ScoringWays(Path.CHEAPEST, Rotation.CHEAPEST, Coordinates.CHEAPEST);

    /**
     * Forces how scores are computed.
     *
     * @param value the path
     * @return other ways
     */
    public ScoringWays with(Path value) {
        return new ScoringWays(value, rotation, coordinates);
    }

    /**
     * Forces how squares are formed.
     *
     * @param value the rotation
     * @return other ways
     */
    public ScoringWays with(Rotation value) {
        return new ScoringWays(path, value, coordinates);
    }

    /**
     * Forces the coordinates.
     *
     * @param value the coordinates
     * @return other ways
     */
    public ScoringWays with(Coordinates value) {
        return new ScoringWays(path, rotation, value);
    }
}
