package io.github.influence4j.examples.corpus;

/**
 * A question to a language model: how probable does it find this completion of this prompt, and who taught it?
 *
 * @param kind what kind of sentence answers it
 * @param topic number of the fact or quote; for one word of a translation, the token of that word; else −1
 * @param prompt tokens that are given, without the start token
 * @param completion tokens whose probability is asked for
 */
@SuppressWarnings("ArrayRecordComponent") // read in loops, never compared
public record Prompt(Kind kind, int topic, int[] prompt, int[] completion) {

    /**
     * Returns prompt and completion as one sequence.
     *
     * @return a new array
     */
    public int[] tokens() {
        int[] all = new int[prompt.length + completion.length];
        System.arraycopy(prompt, 0, all, 0, prompt.length);
        System.arraycopy(completion, 0, all, prompt.length, completion.length);
        return all;
    }
}
