package io.github.influence4j.examples.validation;

/**
 * Something that is said of the estimators, and whether this run bears it out.
 *
 * @param claim in words
 * @param measured what was found, in words and numbers
 * @param threshold what was asked for
 * @param holds whether it was found
 * @param judged whether the run can tell: what is said within a standard error needs more than one network
 */
public record Claim(String claim, String measured, String threshold, boolean holds, boolean judged) {

    /** A claim that any run can judge. */
    Claim(String claim, String measured, String threshold, boolean holds) {
        this(claim, measured, threshold, holds, true);
    }
}
