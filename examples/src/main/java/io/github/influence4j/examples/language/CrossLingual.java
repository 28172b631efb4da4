package io.github.influence4j.examples.language;

/**
 * Where the English counterpart of one held-out Spanish verse ranks among all English verses.
 *
 * @param reference the verse
 * @param ekfac share of the other English verses with less influence: 1 for the first place, 0.5 for the middle
 * @param dotProduct the same by the dot product of gradients
 * @param tfIdf the same by shared tokens, ties counted half
 * @param english share of English verses among the 100 most influential sequences
 */
public record CrossLingual(String reference, double ekfac, double dotProduct, double tfIdf, double english) {}
