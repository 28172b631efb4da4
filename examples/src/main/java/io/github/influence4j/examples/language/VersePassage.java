package io.github.influence4j.examples.language;

/**
 * One training sequence of the real text.
 *
 * @param reference where it stands
 * @param language what it is written in
 * @param tokens its tokens, without the start token, cut to the model's context
 */
@SuppressWarnings("ArrayRecordComponent") // read in loops, never compared
record VersePassage(String reference, Language language, int[] tokens) {

    /** What a passage is written in. */
    enum Language {
        /** A verse of the King James Version. */
        ENGLISH,
        /** A verse of Reina-Valera. */
        SPANISH,
        /** A part of the novel. */
        NOVEL
    }
}
