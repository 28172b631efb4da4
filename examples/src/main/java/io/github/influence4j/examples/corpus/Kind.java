package io.github.influence4j.examples.corpus;

/** What a sentence of the synthetic language does. */
public enum Kind {
    /** States a fact, the entity before the value. */
    FACT,
    /** States a fact the other way round: the value is the relation of the entity. */
    REVERSED,
    /** Holds one of the fixed quotes. */
    QUOTE,
    /** Translates five words. */
    TRANSLATION,
    /** Says nothing: words drawn by frequency. */
    FILLER
}
