package io.github.influence4j.examples.language;

/**
 * One token of a training sequence and its part in the sequence's influence.
 *
 * @param text the token as it is written, with the space that it may begin with
 * @param influence what comes through the position at which this token is read (paper, Eq. 31)
 */
public record ExplainedToken(String text, double influence) {}
