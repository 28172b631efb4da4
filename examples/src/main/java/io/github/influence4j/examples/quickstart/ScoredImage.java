package io.github.influence4j.examples.quickstart;

import io.github.influence4j.examples.data.DigitImage;

/**
 * A training image and its score.
 *
 * @param image the image, with the label that the network was given
 * @param score its influence on a test image, positive where it helps, or on itself; per copy of the image
 */
public record ScoredImage(DigitImage image, double score) {}
