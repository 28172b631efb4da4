package io.github.influence4j.examples.validation;

/**
 * Something that is said of the estimators, and whether this run bears it out.
 *
 * @param claim in words
 * @param measured what was found, in words and numbers
 * @param threshold what was asked for
 * @param holds whether it was found
 */
public record Claim(String claim, String measured, String threshold, boolean holds) {}
