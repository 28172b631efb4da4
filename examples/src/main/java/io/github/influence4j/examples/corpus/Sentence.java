package io.github.influence4j.examples.corpus;

/**
 * One training sequence of the synthetic language, and where it comes from.
 *
 * @param kind what it does
 * @param topic number of the fact or quote it states; −1 for translations and filler
 * @param template number of the form of words, from 0 within each kind
 * @param tokens its tokens, without the start token
 */
@SuppressWarnings("ArrayRecordComponent") // read in loops, never compared
public record Sentence(Kind kind, int topic, int template, int[] tokens) {

    /** Topic of a sentence that states neither a fact nor a quote. */
    public static final int NO_TOPIC = -1;

    /**
     * Says whether the sentence states a fact or quote in the order in which a query asks for it.
     *
     * @param asked kind of the query
     * @param number number of the fact or quote
     * @return whether the sentence is a source of the answer
     */
    public boolean states(Kind asked, int number) {
        return kind == asked && topic == number && number != NO_TOPIC;
    }

    /**
     * Says whether a token occurs.
     *
     * @param token the token
     * @return whether the sentence has it
     */
    public boolean holds(int token) {
        for (int own : tokens) {
            if (own == token) {
                return true;
            }
        }
        return false;
    }
}
