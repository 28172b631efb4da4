package io.github.influence4j.decoder;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.PositionMask;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The rows of a batch: the positions of its sequences, one sequence after the other. The contrast of an
 * example is a sequence of its own for the attention, and follows the example's other sequence.
 */
final class SequenceRows {

    /** No rows at all. */
    static final SequenceRows EMPTY = new SequenceRows(List.of(), new int[0], new long[0]);

    private final int[] sequenceStarts;
    private final int[] exampleStarts;
    private final int[] inputs;
    private final int[] targets;
    private final int[] positions;
    private final double[] weights;
    private final long[] ids;
    private final int longest;

    /** Lays out the sequences of examples, of which each has one or two. */
    private SequenceRows(List<TokenSequence> sequences, int[] ofExample, long[] ids) {
        this.ids = ids;
        sequenceStarts = new int[sequences.size() + 1];
        exampleStarts = new int[ids.length + 1];
        for (int s = 0; s < sequences.size(); s++) {
            int length = sequences.get(s).ownPositions();
            sequenceStarts[s + 1] = Math.addExact(sequenceStarts[s], length);
            exampleStarts[ofExample[s] + 1] = sequenceStarts[s + 1];
        }
        int mostPositions = 0;
        for (int e = 0; e < ids.length; e++) {
            mostPositions = Math.max(mostPositions, exampleStarts[e + 1] - exampleStarts[e]);
        }
        longest = mostPositions;
        int rows = sequenceStarts[sequences.size()];
        inputs = new int[rows];
        targets = new int[rows];
        positions = new int[rows];
        weights = new double[rows];
        for (int s = 0; s < sequences.size(); s++) {
            int[] tokens = sequences.get(s).rawTokens();
            int[] labels = sequences.get(s).rawLabels();
            boolean contrast = s > 0 && ofExample[s] == ofExample[s - 1];
            for (int p = 0; p < sequences.get(s).ownPositions(); p++) {
                int row = sequenceStarts[s] + p;
                boolean counted = p + 1 < labels.length && labels[p + 1] != TokenSequence.NOT_COUNTED;
                inputs[row] = tokens[p];
                targets[row] = counted ? labels[p + 1] : 0;
                positions[row] = p;
                weights[row] = counted ? contrast ? -1 : 1 : 0;
            }
        }
    }

    /**
     * Checks and lays out a batch.
     *
     * @throws IllegalArgumentException if a sequence is longer than the context or has an unknown token, with its id
     */
    static SequenceRows of(DecoderShape shape, ExampleBatch<TokenSequence> batch) {
        List<TokenSequence> sequences = new ArrayList<>(batch.size());
        int[] ofExample = new int[2 * batch.size()];
        long[] ids = batch.ids();
        for (int e = 0; e < batch.size(); e++) {
            TokenSequence sequence = batch.examples().get(e);
            check(shape, sequence, ids[e]);
            ofExample[sequences.size()] = e;
            sequences.add(sequence);
            if (sequence.contrast().isPresent()) {
                TokenSequence contrast = sequence.contrast().orElseThrow();
                check(shape, contrast, ids[e]);
                ofExample[sequences.size()] = e;
                sequences.add(contrast);
            }
        }
        return new SequenceRows(sequences, ofExample, ids);
    }

    private static void check(DecoderShape shape, TokenSequence sequence, long id) {
        int[] tokens = sequence.rawTokens();
        if (tokens.length > shape.context()) {
            throw new IllegalArgumentException("example " + id + ": " + tokens.length + " tokens (a prompt of "
                    + sequence.prompt() + ") are longer than the context of " + shape.context());
        }
        int[] labels = sequence.rawLabels();
        for (int p = 0; p < tokens.length; p++) {
            int unknown = labels[p] >= shape.vocabulary() ? labels[p] : tokens[p];
            if (unknown < 0 || unknown >= shape.vocabulary()) {
                throw new IllegalArgumentException("example " + id + ": token " + unknown + " at position " + p
                        + " is unknown, the vocabulary has " + shape.vocabulary());
            }
        }
    }

    int examples() {
        return ids.length;
    }

    /** Sequences for the attention: one of each example, and one more for a contrast. */
    int sequences() {
        return sequenceStarts.length - 1;
    }

    int rows() {
        return inputs.length;
    }

    /** t, positions of the longest example. */
    int longest() {
        return longest;
    }

    /** Positions of the longest sequence. */
    int longestSequence() {
        int most = 0;
        for (int s = 0; s < sequences(); s++) {
            most = Math.max(most, sequenceLength(s));
        }
        return most;
    }

    int sequenceStart(int sequence) {
        return sequenceStarts[sequence];
    }

    int sequenceLength(int sequence) {
        return sequenceStarts[sequence + 1] - sequenceStarts[sequence];
    }

    int start(int example) {
        return exampleStarts[example];
    }

    int length(int example) {
        return exampleStarts[example + 1] - exampleStarts[example];
    }

    long id(int example) {
        return ids[example];
    }

    int input(int row) {
        return inputs[row];
    }

    int target(int row) {
        return targets[row];
    }

    /** The position in the sequence, which the model sees. */
    int position(int row) {
        return positions[row];
    }

    /** For each row the position in its sequence; not to be changed. */
    int[] positions() {
        return positions;
    }

    /** 1 where the row counts in the loss, −1 where it counts in that of a contrast, 0 where it does not count. */
    double weight(int row) {
        return weights[row];
    }

    /** Rows that count. */
    int counted() {
        int count = 0;
        for (double weight : weights) {
            count += weight == 0 ? 0 : 1;
        }
        return count;
    }

    /** For each row the index of its example. */
    int[] exampleOfRows() {
        int[] examples = new int[rows()];
        for (int e = 0; e < examples(); e++) {
            Arrays.fill(examples, exampleStarts[e], exampleStarts[e + 1], e);
        }
        return examples;
    }

    /** Which of n·t positions are real, example by example. */
    PositionMask mask() {
        if (rows() == examples() * longest) {
            return PositionMask.none(rows());
        }
        boolean[] real = new boolean[Math.multiplyExact(examples(), longest)];
        for (int e = 0; e < examples(); e++) {
            Arrays.fill(real, e * longest, e * longest + length(e), true);
        }
        return PositionMask.of(real);
    }
}
