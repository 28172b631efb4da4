package io.github.influence4j.decoder;

/**
 * Turns rows of logits into rows of gradients at the logits, in place.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
interface RowLoss<A> {

    /**
     * Works on one row.
     *
     * @param sequence index of the sequence in the batch
     * @param row index of the row
     * @param logits array with the row's logits, to be replaced
     * @param start index of the first of them
     * @return the row's loss, or 0 where it does not count
     */
    double apply(int sequence, int row, A logits, int start);
}
