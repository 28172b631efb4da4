package io.github.influence4j.models.transformer;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.PositionMask;
import java.util.Arrays;

/** The rows of a batch: the positions of its sequences that predict a token, one sequence after the other. */
final class SequenceRows {

    /** No rows at all. */
    static final SequenceRows EMPTY = new SequenceRows();

    private final int[] starts;
    private final int[] squares;
    private final int[] inputs;
    private final int[] targets;
    private final int[] positions;
    private final int[] prompts;
    private final long[] ids;
    private final int longest;

    private SequenceRows() {
        starts = new int[1];
        squares = new int[1];
        inputs = new int[0];
        targets = new int[0];
        positions = new int[0];
        prompts = new int[0];
        ids = new long[0];
        longest = 0;
    }

    /**
     * Checks and lays out a batch.
     *
     * @throws IllegalArgumentException if a sequence is longer than the context or has an unknown token, with its id
     */
    SequenceRows(TransformerShape shape, ExampleBatch<TokenSequence> batch) {
        int n = batch.size();
        starts = new int[n + 1];
        squares = new int[n + 1];
        prompts = new int[n];
        ids = batch.ids();
        int most = 0;
        for (int e = 0; e < n; e++) {
            TokenSequence sequence = batch.examples().get(e);
            check(shape, sequence, ids[e]);
            starts[e + 1] = Math.addExact(starts[e], sequence.predictions());
            squares[e + 1] =
                    Math.addExact(squares[e], Math.multiplyExact(sequence.predictions(), sequence.predictions()));
            prompts[e] = sequence.prompt();
            most = Math.max(most, sequence.predictions());
        }
        longest = most;
        inputs = new int[starts[n]];
        targets = new int[starts[n]];
        positions = new int[starts[n]];
        for (int e = 0; e < n; e++) {
            int[] tokens = batch.examples().get(e).tokens();
            for (int p = 0; p < tokens.length - 1; p++) {
                inputs[starts[e] + p] = tokens[p];
                targets[starts[e] + p] = tokens[p + 1];
                positions[starts[e] + p] = p;
            }
        }
    }

    private static void check(TransformerShape shape, TokenSequence sequence, long id) {
        int[] tokens = sequence.tokens();
        if (tokens.length > shape.context()) {
            throw new IllegalArgumentException("example " + id + ": " + tokens.length + " tokens (a prompt of "
                    + sequence.prompt() + ") are longer than the context of " + shape.context());
        }
        for (int p = 0; p < tokens.length; p++) {
            if (tokens[p] < 0 || tokens[p] >= shape.vocabulary()) {
                throw new IllegalArgumentException("example " + id + ": token " + tokens[p] + " at position " + p
                        + " is unknown, the vocabulary has " + shape.vocabulary());
            }
        }
    }

    int sequences() {
        return ids.length;
    }

    int rows() {
        return inputs.length;
    }

    /** t, predictions of the longest sequence. */
    int longest() {
        return longest;
    }

    int start(int sequence) {
        return starts[sequence];
    }

    int length(int sequence) {
        return starts[sequence + 1] - starts[sequence];
    }

    long id(int sequence) {
        return ids[sequence];
    }

    int input(int row) {
        return inputs[row];
    }

    int target(int row) {
        return targets[row];
    }

    int position(int row) {
        return positions[row];
    }

    /** For each row the index of its sequence. */
    int[] sequenceOfRows() {
        int[] sequences = new int[rows()];
        for (int e = 0; e < sequences(); e++) {
            Arrays.fill(sequences, starts[e], starts[e + 1], e);
        }
        return sequences;
    }

    /** Whether the row predicts a token after the prompt. */
    boolean completes(int sequence, int row) {
        return positions[row] + 1 >= prompts[sequence];
    }

    /** Numbers of one [length, length] matrix for every sequence before this one; for all of them, of the last + 1. */
    int squares(int sequence) {
        return squares[sequence];
    }

    /** Which of n·t positions are real, example by example. */
    PositionMask mask() {
        if (rows() == sequences() * longest) {
            return PositionMask.none(rows());
        }
        boolean[] real = new boolean[Math.multiplyExact(sequences(), longest)];
        for (int e = 0; e < sequences(); e++) {
            Arrays.fill(real, e * longest, e * longest + length(e), true);
        }
        return PositionMask.of(real);
    }
}
