package io.github.influence4j.examples.language;

import java.util.List;

/**
 * One training sequence and how it influenced an answer.
 *
 * @param id its id
 * @param note where it comes from, in words
 * @param source whether it states the answer
 * @param score its influence, per unit of weight
 * @param spurious whether one or two tokens carry nearly all of it: ‖a‖₂/‖a‖₁ &gt; 2/3 for the influences a of its tokens,
 *     which the paper takes for a sign of an artefact
 * @param tokens its tokens
 */
public record ExplainedSequence(
        long id, String note, boolean source, double score, boolean spurious, List<ExplainedToken> tokens) {

    /** Copies the tokens. */
    public ExplainedSequence {
        tokens = List.copyOf(tokens);
    }
}
