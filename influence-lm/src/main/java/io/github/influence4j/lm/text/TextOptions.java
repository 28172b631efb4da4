package io.github.influence4j.lm.text;

/**
 * How lines become examples.
 *
 * @param vocabulary number of tokens that the model knows
 * @param maxTokens most tokens of an example; what comes after them is cut off
 * @param maxExamples most examples; lines after them are not looked at
 * @param skipping whether lines without a token that counts are left out, or are an error, as for questions
 */
public record TextOptions(int vocabulary, int maxTokens, int maxExamples, boolean skipping) {

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is too small
     */
    public TextOptions {
        if (vocabulary < 1 || maxTokens < 2 || maxExamples < 1) {
            throw new IllegalArgumentException(
                    "a vocabulary and examples must be at least 1 and their tokens at least 2," + " found " + vocabulary
                            + ", " + maxExamples + " and " + maxTokens);
        }
    }

    /**
     * Takes every line that has a token that counts, cut to a length.
     *
     * @param vocabulary number of tokens that the model knows
     * @param maxTokens most tokens of an example
     * @return the options
     */
    public static TextOptions training(int vocabulary, int maxTokens) {
        return new TextOptions(vocabulary, maxTokens, Integer.MAX_VALUE, true);
    }

    /**
     * Takes every line whole, and has it an error if one is too long or nothing in it counts.
     *
     * @param vocabulary number of tokens that the model knows
     * @param maxTokens most tokens of an example
     * @return the options
     */
    public static TextOptions questions(int vocabulary, int maxTokens) {
        return new TextOptions(vocabulary, maxTokens, Integer.MAX_VALUE, false);
    }

    /**
     * Returns the options with fewer examples.
     *
     * @param most most examples
     * @return new options
     */
    public TextOptions withMaxExamples(int most) {
        return new TextOptions(vocabulary, maxTokens, most, skipping);
    }
}
