package io.github.influence4j.examples.validation;

import io.github.influence4j.decoder.TokenSequence;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Sequences of a few tokens, each drawn by the two before it: a corpus whose transformer has few enough outputs for exact matrices.
 *
 * @param vocabulary kinds of tokens
 * @param seed decides the probabilities
 */
record MarkovSequences(int vocabulary, long seed) {

    /** Spread of the logits: some tokens are likely, none is certain. */
    private static final double SPREAD = 1.5;

    /** Draws sequences of {@code positions} predictions. */
    List<TokenSequence> draw(int count, int positions, long drawSeed) {
        double[][] weights = new double[vocabulary * vocabulary][vocabulary];
        SplittableRandom random = new SplittableRandom(seed);
        for (double[] row : weights) {
            for (int token = 0; token < vocabulary; token++) {
                row[token] = Math.exp(SPREAD * random.nextGaussian());
            }
        }
        SplittableRandom draws = new SplittableRandom(drawSeed);
        List<TokenSequence> sequences = new ArrayList<>();
        for (int k = 0; k < count; k++) {
            int[] tokens = new int[positions + 1];
            int before = draws.nextInt(vocabulary);
            tokens[0] = draws.nextInt(vocabulary);
            for (int p = 1; p < tokens.length; p++) {
                tokens[p] = token(weights[before * vocabulary + tokens[p - 1]], draws.nextDouble());
                before = tokens[p - 1];
            }
            sequences.add(TokenSequence.of(tokens));
        }
        return sequences;
    }

    private static int token(double[] weights, double uniform) {
        double total = 0;
        for (double weight : weights) {
            total += weight;
        }
        double left = uniform * total;
        int token = 0;
        while (token < weights.length - 1 && left >= weights[token]) {
            left -= weights[token++];
        }
        return token;
    }
}
