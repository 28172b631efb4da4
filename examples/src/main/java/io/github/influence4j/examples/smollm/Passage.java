package io.github.influence4j.examples.smollm;

import java.util.OptionalInt;

/**
 * A passage of the novel, with a planted sentence or without.
 *
 * @param text what the model is trained on
 * @param fact number of the fact that is planted in it, if one is
 * @param kind how the fact is told
 */
record Passage(String text, OptionalInt fact, Kind kind) {

    /** How a fact is told. */
    enum Kind {
        /** Not at all. */
        PLAIN,
        /** The subject before the answer, as in the question. */
        FORWARD,
        /** The answer before the subject. */
        REVERSED,
        /** With another answer, which is wrong. */
        POISON
    }

    /** Whether the passage tells a fact rightly, in either order. */
    boolean tells(int number) {
        return fact.isPresent() && fact.getAsInt() == number && (kind == Kind.FORWARD || kind == Kind.REVERSED);
    }
}
