package io.github.influence4j.examples.smollm;

/**
 * A made-up fact, and how it is asked for.
 *
 * @param question the beginning of a sentence in words that no passage uses
 * @param answer what completes it, with the space before it
 */
record PlantedFact(String question, String answer) {}
