package io.github.influence4j.examples.language;

/**
 * One token of a training sequence and its part in the sequence's influence, seen in two ways.
 *
 * @param text the token as it is written, with the space that it may begin with
 * @param read what comes through the position at which this token is read (paper, Eq. 31); adds up to the score
 * @param predicted what comes from learning to predict this token (paper, Eq. 34-36); adds up to the score but for the error
 *     of a finite difference
 */
public record ExplainedToken(String text, double read, double predicted) {}
