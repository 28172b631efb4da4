package io.github.influence4j.djl;

import java.util.Arrays;

/**
 * One example of a model of DJL: its input, and a target at each position.
 *
 * @param values features, packed in the order of the shape; empty where the input is tokens
 * @param tokens ids of tokens; empty where the input is features
 * @param shape shape of the features of one example, without the batch
 * @param targets a row for each position of the outputs (one a token, or one in all): the class as one number, or the values
 *     of a regression; a row of length 0 where there is no loss
 */
@SuppressWarnings("ArrayRecordComponent") // held by the thousand and read in inner loops; never compared as values
public record DjlExample(float[] values, long[] tokens, long[] shape, double[][] targets) {

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if the features do not fill the shape, or tokens have neither one target in all nor
     *     one each
     */
    public DjlExample {
        long size = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        if (tokens.length == 0 && size != values.length) {
            throw new IllegalArgumentException("features of shape " + Arrays.toString(shape) + " need " + size
                    + " numbers, found " + values.length);
        }
        if (tokens.length > 0 && targets.length != 1 && targets.length != tokens.length) {
            throw new IllegalArgumentException(
                    tokens.length + " tokens with " + targets.length + " targets: expected 1, or one a token");
        }
    }

    /**
     * Makes an example of a classifier.
     *
     * @param features packed in the order of the shape
     * @param label index of the class
     * @param shape shape of the features, without the batch; a vector where none is given
     * @return the example
     */
    public static DjlExample classified(float[] features, int label, long... shape) {
        return regression(features, new double[] {label}, shape);
    }

    /**
     * Makes an example of a regression.
     *
     * @param features packed in the order of the shape
     * @param target the values
     * @param shape shape of the features, without the batch; a vector where none is given
     * @return the example
     */
    public static DjlExample regression(float[] features, double[] target, long... shape) {
        long[] own = shape.length == 0 ? new long[] {features.length} : shape;
        return new DjlExample(features, new long[0], own, new double[][] {target});
    }

    /**
     * Makes a sequence with a class at every token, such as the next token.
     *
     * @param tokens ids of tokens
     * @param labels index of a class for each token; −1 where there is no loss
     * @return the example
     */
    public static DjlExample sequence(long[] tokens, int... labels) {
        double[][] targets = new double[labels.length][];
        for (int p = 0; p < labels.length; p++) {
            targets[p] = labels[p] < 0 ? new double[0] : new double[] {labels[p]};
        }
        return new DjlExample(new float[0], tokens, new long[] {tokens.length}, targets);
    }

    /**
     * Makes a sequence with one class, such as a sentence and what it says.
     *
     * @param tokens ids of tokens
     * @param label index of the class
     * @return the example, for a model whose outputs are [n, classes]
     */
    public static DjlExample classifiedTokens(long[] tokens, int label) {
        return new DjlExample(new float[0], tokens, new long[] {tokens.length}, new double[][] {{label}});
    }

    /** Number of positions: tokens, or targets of features. */
    int positions() {
        return tokens.length > 0 ? tokens.length : targets.length;
    }
}
