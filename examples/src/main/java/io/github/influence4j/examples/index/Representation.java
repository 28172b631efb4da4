package io.github.influence4j.examples.index;

import java.util.Optional;

/**
 * What is kept of gradients, and what it says of their scores. Takes the whitened gradients of all questions, then those of a part of
 * the training set, batch by batch, then those of the next part.
 */
interface Representation extends AutoCloseable {

    /**
     * Takes questions.
     *
     * @param layer index of the layer
     * @param first index of the first question
     * @param questions m
     * @param rows [m, o·i], packed, valid until this method returns
     */
    void ask(int layer, int first, int questions, float[] rows);

    /** Begins a part of so many sequences. */
    void begin(int sequences);

    /** Begins a batch of the part. */
    void startBatch(int first, int sequences);

    /**
     * Takes training sequences.
     *
     * @param layer index of the layer
     * @param first index in the batch of the first sequence
     * @param sequences m
     * @param rows [m, o·i], packed, valid until this method returns
     */
    void keep(int layer, int first, int sequences, float[] rows);

    /** Ends a batch, all of whose layers were there. */
    void finishBatch();

    /** Returns the scores of the part, [questions, sequences]. */
    double[][] scores();

    /** Returns their standard errors, where there are any. */
    default Optional<double[][]> errors() {
        return Optional.empty();
    }

    @Override
    default void close() {}
}
